//! On whose behalf a connection goes on, as that stands now.

use std::time::Duration;

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};
use shared::auth::AuthError;
use tokio::{
    sync::Mutex,
    time::{Instant, MissedTickBehavior, interval},
};
use uuid::Uuid;

use super::super::{Service, answers::Fault, received::Sender};
use crate::{allowance::Allowance, caller::Caller};

/// How old the answer may get to the question who they stand for, while nothing is told.
const OLDEST: TimeDelta = TimeDelta::seconds(30);
/// How often the clock is looked at. That costs nothing; the database is asked when the answer is too old.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The sender of one connection, and who it stood for when somebody last looked.
pub(super) struct Speaker {
    service: web::Data<Service>,
    sender: Sender,
    request_id: String,
    known: Mutex<Option<Known>>,
}

struct Known {
    caller: Caller,
    /// When the database was asked, as the process counts time.
    at: Instant,
    /// The same moment on the product's clock.
    on: DateTime<Utc>,
}

impl Speaker {
    pub(super) fn new(service: web::Data<Service>, sender: Sender, request_id: String) -> Self {
        Self { service, sender, request_id, known: Mutex::new(None) }
    }

    pub(super) fn service(&self) -> &web::Data<Service> {
        &self.service
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Who speaks, as it was at `since` or later; `None` for nobody in particular.
    ///
    /// # Errors
    /// When the token does not stand for anybody any more, or nobody can tell at the moment.
    pub(super) async fn since(&self, since: Instant) -> Result<Option<Caller>, Fault> {
        let mut known = self.known.lock().await;
        let caller = match &*known {
            Some(known) if known.at >= since => Some(known.caller.clone()),
            _ => self.ask(&mut known).await?,
        };
        let Some(caller) = caller else { return Ok(None) };
        // Requests may come a little late, when clocks differ; a stream need not go on for that.
        if caller.expires_at <= self.service.clock.now() {
            return Err(Fault::Token(AuthError::Expired));
        }
        Ok(Some(caller))
    }

    async fn ask(&self, known: &mut Option<Known>) -> Result<Option<Caller>, Fault> {
        let (at, on) = (Instant::now(), self.service.clock.now());
        let caller = self.sender.caller(&self.service, self.request_id.clone()).await?;
        *known = caller.clone().map(|caller| Known { caller, at, on });
        Ok(caller)
    }

    /// The organization of whoever was found to speak.
    pub(super) async fn organization_id(&self) -> Option<Uuid> {
        self.known.lock().await.as_ref().map(|known| known.caller.organization_id())
    }

    /// What the speaker may still ask for; `None` when nothing is limited.
    pub(super) fn allowance(&self, caller: Option<&Caller>) -> Option<Allowance> {
        self.sender.allowance(&self.service, caller)
    }

    /// Waits until the token has ended or stands for nobody any more, and says why. For ever when there is none.
    pub(super) async fn ends(&self) -> Fault {
        if self.sender.credentials.is_none() {
            return std::future::pending().await;
        }
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            let now = self.service.clock.now();
            let mut known = self.known.lock().await;
            if let Some(known) = &*known {
                if known.caller.expires_at <= now {
                    return Fault::Token(AuthError::Expired);
                }
                if now - known.on < OLDEST {
                    continue;
                }
            }
            match self.ask(&mut known).await {
                Err(fault) if fault.is_about_the_token() => return fault,
                // A database that is away says nothing about anybody.
                Ok(_) | Err(_) => {}
            }
        }
    }
}
