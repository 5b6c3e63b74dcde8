//! What the API remembers rests on this: no row changes without counting its version up. A database of a test checks it at
//! every change that the product makes.

/// Refuses a change of a row at the same version. What nobody is shown may change: when a worker looks at the row next, and
/// an address that is parked until the end of the transaction.
pub(crate) const GUARD: &str = r"
    CREATE FUNCTION counts_versions() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      was jsonb := to_jsonb(OLD) - TG_ARGV;
      is_now jsonb := to_jsonb(NEW) - TG_ARGV;
    BEGIN
      IF is_now->>'email' LIKE '%@parked.invalid' THEN
        was := was - 'email';
        is_now := is_now - 'email';
      END IF;
      IF NEW.version <= OLD.version AND was <> is_now THEN
        RAISE EXCEPTION 'a row of % changed without counting its version up', TG_TABLE_NAME;
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER counts_versions BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION counts_versions();
    CREATE TRIGGER counts_versions BEFORE UPDATE ON enrollments FOR EACH ROW EXECUTE FUNCTION counts_versions();
    CREATE TRIGGER counts_versions BEFORE UPDATE ON matches FOR EACH ROW
      EXECUTE FUNCTION counts_versions('calendar_at');
    CREATE TRIGGER counts_versions BEFORE UPDATE ON programs FOR EACH ROW
      EXECUTE FUNCTION counts_versions('next_night_at', 'next_digest_at');
";
