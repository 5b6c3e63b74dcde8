//! `counterpart` alone: API and worker in one process, with everything in one folder.

mod cast;
mod data_folder;
mod examples;
mod first_matching;
mod welcome;

use std::{
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
};

use api::{App, DevSamples};
use clap::Args;
use shared::{
    auth::Signer,
    config::{Config, Layers},
    store, telemetry,
};
use tokio_util::sync::CancellationToken;

use self::{cast::Cast, data_folder::DataFolder, welcome::Welcome};
use super::{Failure, output, process::Process, progress::Step, settings, signals};
use crate::seed;

const USUAL_PORT: u16 = 8080;

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Options {
    /// The API's port, 0 for any free one [default: 8080]
    #[arg(long)]
    port: Option<u16>,
    /// The folder for the database, the signing keys and the mailbox [default: ./data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Begin with an empty database instead of two sample organizations
    #[arg(long)]
    no_seed: bool,
}

impl Options {
    /// Whether any of them was given.
    pub(super) fn are_given(&self) -> bool {
        self.port.is_some() || self.data_dir.is_some() || self.no_seed
    }
}

/// Makes what is not there yet, and serves until a signal.
pub(super) async fn run(file: Option<&Path>, options: Options) -> Result<(), Failure> {
    let dir = options.data_dir.clone().unwrap_or_else(|| PathBuf::from("./data"));
    // Held to the end: one SQLite file is for one process.
    let folder = DataFolder::open(&dir)?;
    let config = load(file, &options, &dir)?;
    telemetry::init(&config.log)?;
    let signer = Signer::load_or_generate(&config.auth)?;
    check_port(&config)?;
    signals::heeding(async |shutdown| {
        let begun = tokio::select! {
            begun = begin(&config, &options, &shutdown) => begun?,
            () = shutdown.cancelled() => return Ok(()),
        };
        serve(&config, &signer, begun, &folder, shutdown).await?;
        output::line("Stopped.");
        Ok(())
    })
    .await
}

/// The embedded settings; what is said on the command line wins over the environment.
fn load(file: Option<&Path>, options: &Options, dir: &Path) -> Result<Config, Failure> {
    let env = settings::environment().filter(|(name, _)| options.port.is_none() || name != "COUNTERPART_HTTP__PORT");
    let layers = Layers::new().embedded(dir, options.port.unwrap_or(USUAL_PORT));
    Ok(layers.file(file).env(env).load()?)
}

/// Notices a taken port before the first start has done its work.
fn check_port(config: &Config) -> Result<(), Failure> {
    let (host, port) = (config.http.host.as_str(), config.http.port);
    match TcpListener::bind((host, port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Failure::new(format!(
            "port {port} is taken by another program; choose another with --port, such as --port {}, or --port 0 for \
             any free one",
            port.saturating_add(1)
        ))),
        Err(error) => Err(Failure::new(format!("cannot listen on {host}:{port}: {error}"))),
        Ok(_) => Ok(()),
    }
}

/// Everything up to the first mails: schema, sample data, first matching.
async fn begin(config: &Config, options: &Options, shutdown: &CancellationToken) -> Result<Process, Failure> {
    let step = Step::begin("Schema");
    let applied = migrations::migrate(config.database.url.expose()).await.map_err(Failure::database)?;
    let outcome = if applied.is_empty() { "current".to_owned() } else { format!("made ({})", applied.join(", ")) };
    step.done(&outcome);

    let process = Process::open(config, shutdown).await?;
    let organizations = store::organizations::every(&process.store).await?.len();
    if organizations > 0 {
        Step::begin("Data").done(&format!("kept from the last start; {organizations} organizations"));
    } else if options.no_seed {
        Step::begin("Data").done("none");
    } else {
        let step = Step::begin("Sample data");
        let samples = seed::samples(process.clock.now())?;
        seed::plant(&process.store, &process.clock, &samples).await?;
        let people: usize = samples.iter().map(|sample| sample.people.len()).sum();
        step.done(&format!("{} organizations with {people} people", samples.len()));
    }
    first_matching::run(config, &process).await?;
    Ok(process)
}

async fn serve(
    config: &Config,
    signer: &Signer,
    process: Process,
    folder: &DataFolder,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let cast = Cast::find(&process.store, signer, process.clock.now()).await?;
    let samples = DevSamples { tokens: cast.tokens(), queries: examples::all(&cast) };
    let (store, bus, clock) = (process.store.clone(), process.bus.clone(), process.clock.clone());
    let app = App::build(config, store.clone(), bus.clone(), clock.clone(), Some(samples))?;
    let url = config.http.public_url_for(app.address());
    let program = std::env::args().next().unwrap_or_else(|| "counterpart".to_owned());
    let welcome = Welcome { program: &program, url: &url, folder: folder.path(), config, cast: &cast };
    output::line(welcome.to_string());

    // Whichever ends first takes the other one with it.
    let served = async {
        let served = app.run(shutdown.clone()).await;
        shutdown.cancel();
        served
    };
    let worked = async {
        let worked = worker::run(config, store, bus, clock, shutdown.clone()).await;
        shutdown.cancel();
        worked
    };
    let (served, worked) = tokio::join!(served, worked);
    let closed = process.close().await;
    served?;
    worked?;
    closed
}
