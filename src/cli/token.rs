//! `counterpart token`

use std::path::Path;

use chrono::TimeDelta;
use clap::Args;
use shared::{
    auth::{Grant, Signer},
    domain::{organizations::Organization, people::Person},
    store::{self, Store},
};

use super::{
    Failure, output, process,
    settings::{self, Place},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The organization's short name
    #[arg(long, value_name = "SLUG")]
    organization: String,
    /// The person's mail address or external id
    #[arg(long, value_name = "EMAIL OR ID")]
    person: String,
    /// How long the token is valid
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=87_600))]
    ttl: u32,
    #[command(flatten)]
    place: Place,
}

/// Prints a token and nothing else.
pub(super) async fn run(file: Option<&Path>, options: Options) -> Result<(), Failure> {
    let config = settings::load_at(&options.place, file)?;
    let signer = Signer::load(&config.auth)?;
    process::check_schema(&config).await?;
    let store = process::open_store(&config).await?;
    let organization = find_organization(&store, &options.organization).await?;
    let person = find_person(&store, &organization, &options.person).await?;
    if !person.active {
        return Err(Failure::new(format!("{} has left; nobody can act as them", person.email)));
    }
    let grant =
        Grant { organization_id: organization.id, person_id: person.id, ttl: TimeDelta::hours(options.ttl.into()) };
    output::line(signer.sign(&grant, config.clock.clock().now())?);
    Ok(store.close().await?)
}

/// The organization with this slug.
pub(super) async fn find_organization(store: &Store, slug: &str) -> Result<Organization, Failure> {
    if let Some(found) = store::organizations::find_by_slug(store, slug).await? {
        return Ok(found);
    }
    let known: Vec<String> = store::organizations::every(store).await?.into_iter().map(|each| each.slug).collect();
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    Err(Failure::new(format!("there is no organization `{slug}`; known: {known}")))
}

/// The person with this mail address or external id.
pub(super) async fn find_person(store: &Store, organization: &Organization, name: &str) -> Result<Person, Failure> {
    let found = match store::people::find_by_email(store, organization.id, name).await? {
        Some(person) => Some(person),
        None => store::people::find_by_external_id(store, organization.id, name).await?,
    };
    let missing = || format!("{} has nobody with the mail address or external id `{name}`", organization.name);
    found.ok_or_else(|| Failure::new(missing()))
}
