//! Why a command did not do what it was asked for, in words for the person who asked.

use std::process::ExitCode;

use api::ApiError;
use shared::{
    auth::KeyError, bus::BusError, config::ConfigError, failpoints::FailpointError, outbound::OutboundError,
    store::StoreError, telemetry::TelemetryError,
};
use worker::{WorkerError, mail::dkim::DkimError};

use super::output;
use crate::seed;

/// The settings cannot be used; other failures end with 1.
const UNUSABLE_SETTINGS: u8 = 2;

/// A message and an exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Anything but the settings: exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The database cannot be used.
    pub(super) fn database(error: impl std::fmt::Display) -> Self {
        Self::new(format!("the database cannot be used (database.url): {error}"))
    }

    /// Prints the message and gives back the exit code.
    pub(crate) fn report(self) -> ExitCode {
        output::error(format!("counterpart: {}", self.message));
        ExitCode::from(self.code)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { message: error.to_string(), code: UNUSABLE_SETTINGS }
    }
}

impl From<FailpointError> for Failure {
    fn from(error: FailpointError) -> Self {
        Self { message: error.to_string(), code: UNUSABLE_SETTINGS }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<BusError> for Failure {
    fn from(error: BusError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<TelemetryError> for Failure {
    fn from(error: TelemetryError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<OutboundError> for Failure {
    fn from(error: OutboundError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<WorkerError> for Failure {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Dkim(error) => error.into(),
            WorkerError::Store(_) | WorkerError::Tick(_) | WorkerError::Outbound(_) => Self::new(error.to_string()),
        }
    }
}

impl From<DkimError> for Failure {
    fn from(error: DkimError) -> Self {
        Self { message: error.to_string(), code: UNUSABLE_SETTINGS }
    }
}

impl From<seed::Problem> for Failure {
    fn from(problem: seed::Problem) -> Self {
        Self::new(problem.to_string())
    }
}
