use super::*;

fn parse(text: &str) -> Rules {
    let mut problems = Problems::new(Path::new("rules.toml"));
    Rules::parse(text, &mut problems).unwrap_or_else(|| panic!("{problems:?}"))
}

#[test]
fn nothing_is_required() {
    let rules = parse("");
    assert_eq!((rules.objective, rules.minimum_score, rules.seed), (Objective::Participation, 0, 0));
    assert!(rules.criteria.is_empty() && rules.pins.is_empty() && rules.past_file.is_none());
}

#[test]
fn rules_become_criteria_in_their_order() {
    let rules = parse(
        r#"
        objective = "score"
        minimum_score = 250
        seed = 7
        pin = [["a", "b"],
               [" c ", "d"]]
        forbid_file = "forbid.csv"

        [[prefer]]
        rule = "within"
        column = "born"
        at_most = 3
        wrap = 7

        [[prefer]]
        rule = "offers"
        offered = "knows"
        wanted = "topics"
        weight = 4

        [[must]]
        rule = "overlap"
        column = "topics"

        [[must]]
        rule = "within"
        column = "zone"
        hours = 2
        "#,
    );
    assert_eq!((rules.objective, rules.minimum_score, rules.seed), (Objective::Score, 250, 7));
    let must = |rule| Criterion { rule, strength: Strength::Must };
    let prefer = |rule, weight| Criterion { rule, strength: Strength::Prefer { weight } };
    let expected = [
        must(Rule::Overlap { feature: 0 }),
        must(Rule::Within { feature: 1, at_most: 120, wrap: Some(1440) }),
        prefer(Rule::Within { feature: 2, at_most: 3, wrap: Some(7) }, 1),
        prefer(Rule::Offers { offered: 3, wanted: 0 }, 4),
    ];
    assert_eq!(rules.criteria, expected);
    assert_eq!(rules.labels, ["overlap topics", "within zone", "within born", "offers knows -> topics"]);
    let answers: Vec<_> = rules.answers.iter().map(|answer| (answer.column.as_str(), answer.reading)).collect();
    let expected = [
        ("topics", Reading::Values),
        ("zone", Reading::TimeZone),
        ("born", Reading::Number),
        ("knows", Reading::Values),
    ];
    assert_eq!(answers, expected);
    assert_eq!(
        rules.pins.iter().map(|couple| (couple.ids[0].as_str(), couple.line)).collect::<Vec<_>>(),
        [("a", 5), ("c", 6)]
    );
    assert_eq!(rules.forbidden_file.as_deref(), Some(Path::new("forbid.csv")));
}

#[test]
fn a_seed_may_be_a_text() {
    // The published test vectors of FNV-1a.
    assert_eq!(parse("seed = \"\"").seed, 0xcbf2_9ce4_8422_2325);
    assert_eq!(parse("seed = \"foobar\"").seed, 0x8594_4171_f739_67e8);
    assert_eq!(parse("seed = -1").seed, u64::MAX);
}

#[test]
fn a_column_can_be_read_in_two_ways() {
    let text =
        "[[must]]\nrule = \"same\"\ncolumn = \"x\"\n[[prefer]]\nrule = \"within\"\ncolumn = \"x\"\nat_most = 1\n";
    assert_eq!(parse(text).answers.len(), 2);
}
