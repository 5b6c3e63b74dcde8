//! `counterpart organization`: how an installation gets its first tenant and administrator.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;
use shared::{
    clock::Clock,
    domain::{
        organizations::{Organization, Role, StaffRole},
        people::{self, LINE_MAX, Person, tidy_line},
    },
    store::{self, StoreError, Tx, audit::AuditEntry},
};
use uuid::Uuid;

use super::{
    Failure, output, process,
    settings::{self, Place},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an organization with an administrator; what is there already stays as it is
    Create(Options),
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Short name for commands: small letters, digits and hyphens
    #[arg(long)]
    slug: String,
    /// The name people know
    #[arg(long)]
    name: String,
    /// The mail address where participants ask questions
    #[arg(long, value_name = "EMAIL")]
    contact: String,
    /// The first administrator
    #[arg(long, value_name = "NAME")]
    administrator_name: String,
    /// The administrator's mail address
    #[arg(long, value_name = "EMAIL")]
    administrator_email: String,
    #[command(flatten)]
    place: Place,
}

/// Makes whatever of the organization, the person and the role is not there yet.
pub(super) async fn run(file: Option<&Path>, command: Command) -> Result<(), Failure> {
    let Command::Create(options) = command;
    let config = settings::load_at(&options.place, file)?;
    let clock = config.clock.clock();
    let (wanted, person) = check(&options, &clock)?;
    process::check_schema(&config).await?;
    let store = process::open_store(&config).await?;
    let tx = store.begin().await?;
    let (organization, made) = organization(&tx, wanted).await?;
    let (person, joined) = person_of(&tx, &organization, person).await?;
    let appointed = appoint(&tx, &person, &clock).await?;
    if made || appointed {
        audit(&tx, &organization, &person, &clock).await?;
    }
    tx.commit().await?;
    store.close().await?;

    let slug = &organization.slug;
    output::line(if made {
        format!("Made the organization {slug} ({}).", organization.name)
    } else {
        format!("The organization {slug} ({}) exists already and stays as it is.", organization.name)
    });
    output::line(match (joined, appointed) {
        (true, _) => format!("Made {} <{}> its administrator.", person.name, person.email),
        (false, true) => format!("{} <{}> was there already and is an administrator now.", person.name, person.email),
        (false, false) => format!("{} <{}> is an administrator already.", person.name, person.email),
    });
    if made || appointed {
        let place = options.place.as_arguments();
        output::line(format!(
            "A token for them: counterpart token{place} --organization {slug} --person {}",
            person.email
        ));
    }
    Ok(())
}

/// The rows as they would be made, or everything that is wrong with them.
fn check(options: &Options, clock: &Clock) -> Result<(Organization, Person), Failure> {
    let now = clock.now();
    let mut problems = Vec::new();
    let organization = Organization {
        id: clock.new_id(),
        slug: options.slug.clone(),
        name: tidy_line(&options.name),
        contact: Some(options.contact.trim().to_owned()),
        portal_url: None,
        created_at: now,
        updated_at: now,
    };
    let well_formed = (1..=40).contains(&options.slug.len())
        && !options.slug.starts_with('-')
        && !options.slug.ends_with('-')
        && options.slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !well_formed {
        problems.push("--slug: use 1 to 40 small letters, digits and hyphens".to_owned());
    }
    if organization.name.is_empty() || organization.name.chars().count() > LINE_MAX {
        problems.push(format!("--name: give a name of 1 to {LINE_MAX} characters"));
    }
    let mut person = Person {
        id: clock.new_id(),
        organization_id: organization.id,
        external_id: None,
        name: options.administrator_name.clone(),
        email: options.administrator_email.clone(),
        headline: None,
        country: None,
        languages: Vec::new(),
        time_zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    // The contact is an address like any other.
    let mut reachable = Person { email: options.contact.clone(), ..person.clone() };
    if people::check(&mut reachable).iter().any(|refusal| refusal.field.as_deref() == Some("email")) {
        problems.push("--contact: give a mail address like ana@example.org".to_owned());
    }
    problems.extend(
        people::check(&mut person)
            .into_iter()
            .map(|refusal| format!("--administrator-{}: {}", refusal.field.unwrap_or_default(), refusal.message)),
    );
    if problems.is_empty() { Ok((organization, person)) } else { Err(Failure::new(problems.join("\n  "))) }
}

async fn organization(tx: &Tx, wanted: Organization) -> Result<(Organization, bool), StoreError> {
    if let Some(found) = store::organizations::find_by_slug(tx, &wanted.slug).await? {
        return Ok((found, false));
    }
    store::organizations::insert(tx, &wanted).await?;
    Ok((wanted, true))
}

async fn person_of(tx: &Tx, organization: &Organization, wanted: Person) -> Result<(Person, bool), StoreError> {
    if let Some(found) = store::people::find_by_email(tx, organization.id, &wanted.email).await? {
        return Ok((found, false));
    }
    let wanted = Person { organization_id: organization.id, ..wanted };
    store::people::insert_many(tx, std::slice::from_ref(&wanted)).await?;
    Ok((wanted, true))
}

/// True when the person was no administrator before.
async fn appoint(tx: &Tx, person: &Person, clock: &Clock) -> Result<bool, StoreError> {
    let roles = store::organizations::roles_of(tx, person.organization_id, person.id).await?;
    if roles.iter().any(|role| role.role == Role::Administrator) {
        return Ok(false);
    }
    let role = StaffRole {
        id: clock.new_id(),
        organization_id: person.organization_id,
        person_id: person.id,
        role: Role::Administrator,
        countries: None,
        created_at: clock.now(),
    };
    store::organizations::insert_role(tx, &role).await?;
    Ok(true)
}

async fn audit(tx: &Tx, organization: &Organization, person: &Person, clock: &Clock) -> Result<(), StoreError> {
    let entry = AuditEntry {
        id: clock.new_id(),
        organization_id: organization.id,
        actor_id: None::<Uuid>,
        client_id: None,
        action: "createOrganization",
        entity_id: organization.id,
        details: json!({ "slug": organization.slug, "administratorId": person.id }),
        request_id: None,
        at: clock.now(),
    };
    store::audit::record(tx, entry).await
}
