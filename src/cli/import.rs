//! `counterpart import`

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use api::{
    caller::Caller,
    use_cases::{
        State, UseCaseError,
        import::{ImportInput, ImportReport, RowError, import_people},
        roster::{Source, SyncInput, SyncReport, sync_roster},
    },
};
use chrono::{DateTime, Utc};
use clap::Args;
use shared::{
    bus::Bus,
    config::Config,
    domain::{
        api_clients::Scopes,
        organizations::{Organization, Role},
        refusals::Refusal,
    },
    outbound::Outbound,
    store::{self, Store},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    Failure, output, process,
    settings::{self, Place},
    token::{find_organization, find_person},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The organization's short name
    #[arg(long, value_name = "SLUG")]
    organization: String,
    /// Enroll everybody in this round: its id, or "program name/round name"
    #[arg(long)]
    round: Option<String>,
    /// Check the file and count, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Take the file as the whole roster: whoever came with an earlier one and is missing from it is deactivated, at most
    /// this share of them, in percent
    #[arg(long, value_name = "PERCENT", conflicts_with = "round", num_args = 0..=1, require_equals = true,
        default_missing_value = "20")]
    deactivate_missing: Option<u8>,
    /// Import in the name of this administrator; the longest-serving one unless given
    #[arg(long = "as", value_name = "EMAIL")]
    administrator: Option<String>,
    #[command(flatten)]
    place: Place,
    /// The file: UTF-8, with a header line
    #[arg(value_name = "FILE")]
    csv: PathBuf,
}

/// Takes in the whole file or nothing.
pub(super) async fn run(file: Option<&Path>, options: Options) -> Result<(), Failure> {
    let config = settings::load_at(&options.place, file)?;
    let name = options.csv.display().to_string();
    let csv = std::fs::read_to_string(&options.csv);
    let csv = csv.map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))?;
    process::check_schema(&config).await?;
    let store = process::open_store(&config).await?;
    let organization = find_organization(&store, &options.organization).await?;
    let caller = administrator(&store, organization, options.administrator.as_deref(), &config).await?;
    let round_id = match &options.round {
        Some(round) => Some(find_round(&store, &caller.organization, round).await?),
        None => None,
    };
    let tasks = TaskTracker::new();
    let shutdown = CancellationToken::new();
    let bus = Bus::from_config(&config.redis, &tasks, shutdown.clone())?;
    let outbound = Outbound::new(&config.outbound)?;
    let (clock, public_url) = (config.clock.clock(), "".into());
    let state = State { store: store.clone(), clock, bus, outbound, signer: None, public_url };
    let done = if let Some(percent) = options.deactivate_missing {
        let sync = SyncInput {
            deactivate_missing: true,
            most_deactivated_percent: percent,
            dry_run: options.dry_run,
            show: 1_000,
            ..SyncInput::of(Source::Csv(csv))
        };
        sync_roster(&state, &caller, sync).await.map(Done::Synced)
    } else {
        let input = ImportInput { csv, round_id, dry_run: options.dry_run };
        import_people(&state, &caller, input).await.map(Done::Imported)
    };
    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    drop(state);
    store.close().await?;
    match done.map_err(refused)? {
        Done::Imported(report) => tell(&name, &report, options.dry_run),
        Done::Synced(report) => tell_sync(&name, &report, options.dry_run),
    }
}

/// What became of the file.
enum Done {
    Imported(ImportReport),
    Synced(SyncReport),
}

/// What is written before the numbers of a dry run.
fn only_would(dry_run: bool) -> &'static str {
    if dry_run { "Nothing was written. It would be: " } else { "" }
}

fn tell_faults(name: &str, faults: &[RowError], count: usize) -> Result<(), Failure> {
    for error in faults {
        let column = error.column.as_ref().map(|column| format!("{column}: ")).unwrap_or_default();
        output::error(format!("{name}:{}: {column}{}", error.line, error.message));
    }
    if count == 0 {
        return Ok(());
    }
    let s = if count == 1 { "" } else { "s" };
    Err(Failure::new(format!("nothing was imported: {name} has {count} error{s}")))
}

fn tell_sync(name: &str, report: &SyncReport, dry_run: bool) -> Result<(), Failure> {
    tell_faults(name, &report.faults, usize::try_from(report.fault_count).unwrap_or(usize::MAX))?;
    output::line(format!(
        "{}{} new, {} changed, {} unchanged, {} deactivated; {} enrollments and {} matches end.",
        only_would(dry_run),
        report.created,
        report.updated,
        report.unchanged,
        report.deactivated,
        report.enrollments_withdrawn,
        report.matches_ended,
    ));
    if let Some(refusal) = &report.refusal {
        output::line(format!("Without --dry-run it would be refused: {refusal}."));
    }
    Ok(())
}

fn tell(name: &str, report: &ImportReport, dry_run: bool) -> Result<(), Failure> {
    tell_faults(name, &report.rows, report.rows.len())?;
    output::line(format!(
        "{}{} new, {} changed, {} unchanged; {} newly enrolled, {} with changed answers.",
        only_would(dry_run),
        report.created,
        report.updated,
        report.unchanged,
        report.enrolled,
        report.answers_updated,
    ));
    Ok(())
}

/// Whose rights and name the import has.
async fn administrator(
    store: &Store,
    organization: Organization,
    email: Option<&str>,
    config: &Config,
) -> Result<Caller, Failure> {
    let staff = store::organizations::all_staff(store, organization.id).await?;
    let mut administrators = staff.iter().filter(|role| role.role == Role::Administrator);
    let person = if let Some(email) = email {
        let person = find_person(store, &organization, email).await?;
        if !administrators.any(|role| role.person_id == person.id) {
            return Err(Failure::new(format!("{} is not an administrator of {}", person.email, organization.name)));
        }
        Some(person)
    } else {
        match administrators.next() {
            Some(role) => store::people::find(store, organization.id, role.person_id).await?,
            None => None,
        }
    };
    let make_one =
        || format!("{} has no administrator; `counterpart organization create` makes one", organization.name);
    let person = person.ok_or_else(|| Failure::new(make_one()))?;
    let roles = store::organizations::roles_of(store, organization.id, person.id).await?;
    let request_id = config.clock.clock().new_id().simple().to_string();
    Ok(Caller {
        organization,
        person: Arc::new(person),
        roles,
        request_id,
        expires_at: DateTime::<Utc>::MAX_UTC,
        client: None,
        scopes: Scopes::all(),
    })
}

async fn find_round(store: &Store, organization: &Organization, name: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let mut known = Vec::new();
    for program in store::programs::every_living(store).await? {
        if program.organization_id != organization.id {
            continue;
        }
        for round in store::rounds::of_program(store, organization.id, program.id).await? {
            let full = format!("{}/{}", program.name, round.name);
            if full.eq_ignore_ascii_case(name) {
                return Ok(round.id);
            }
            known.push(format!("\"{full}\""));
        }
    }
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    Err(Failure::new(format!("{} has no round \"{name}\"; known: {known}", organization.name)))
}

fn refused(error: UseCaseError) -> Failure {
    let line = |Refusal { field, message, .. }: &Refusal| match field.as_deref() {
        Some("roundId") => format!("--round: {message}"),
        Some(field) => format!("{field}: {message}"),
        None => message.clone(),
    };
    match error {
        UseCaseError::Refused(refusals) => Failure::new(refusals.iter().map(line).collect::<Vec<_>>().join("\n  ")),
        UseCaseError::Store(error) => error.into(),
        UseCaseError::Secret(problem) => Failure::new(problem),
    }
}
