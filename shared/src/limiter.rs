//! How much somebody may still ask for: leaky buckets, shared by all processes through Redis.
//!
//! A bucket holds what was asked for lately and loses it at a steady pace; what does not fit is refused, with the time
//! until it will. Several buckets are drawn from at one time, all or none, in one round trip and on Redis's clock. Redis
//! gone, or slower than 50 ms, costs exactness and nothing else: the process goes on with buckets of its own, full
//! anew, and goes back when Redis does. Without Redis these are all there is.

use std::{sync::Arc, time::Duration};

use self::{local::LocalBuckets, redis_buckets::RedisBuckets};
use crate::config::RedisConfig;

mod local;
mod redis_buckets;
#[cfg(test)]
mod tests;

/// A leaky bucket's measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// How much it holds.
    pub capacity: u32,
    /// How much it loses in a minute, at least 1.
    pub per_minute: u32,
}

/// Something asked for.
#[derive(Clone, Debug)]
pub struct Draw {
    /// Whose bucket, and which.
    pub key: String,
    /// Its measures; the same each time.
    pub bucket: Bucket,
    /// How much. More than the bucket holds counts as all it holds.
    pub amount: u32,
}

/// What became of the draws that were made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of them fit; what is left in each bucket.
    Granted {
        /// In the order of the draws.
        remaining: Vec<u32>,
    },
    /// Nothing was drawn.
    Refused {
        /// The draw that has to wait longest, by its index.
        draw: usize,
        /// How long, when nobody else draws meanwhile.
        wait: Duration,
    },
}

/// What buckets are counted in: a millionth of a minute's sixtieth, so that all of it is whole numbers. A point is so
/// many, and a bucket loses `per_minute` of them in a microsecond.
const POINT: u64 = 60_000_000;

impl Draw {
    fn amount(&self) -> u64 {
        u64::from(self.amount.min(self.bucket.capacity)) * POINT
    }

    fn capacity(&self) -> u64 {
        u64::from(self.bucket.capacity) * POINT
    }

    fn pace(&self) -> u64 {
        u64::from(self.bucket.per_minute.max(1))
    }
}

/// Whole points of what is left.
fn whole_points(left: u64) -> u32 {
    u32::try_from(left / POINT).unwrap_or(u32::MAX)
}

/// The buckets of this process, or of all that share a Redis. Clones are cheap and share them.
#[derive(Clone, Debug)]
pub struct Limiter {
    local: Arc<LocalBuckets>,
    redis: Option<Arc<RedisBuckets>>,
}

/// The limiter cannot be set up. The message holds no passwords.
#[derive(Debug, thiserror::Error)]
#[error("redis.url cannot be used: {0}")]
pub struct LimiterError(String);

impl Limiter {
    /// Buckets of this process alone.
    pub fn in_process() -> Self {
        Self { local: Arc::default(), redis: None }
    }

    /// Buckets in the Redis at `url`. Returns at once, whether Redis can be reached or not, and must be called inside a
    /// Tokio runtime.
    ///
    /// # Errors
    /// [`LimiterError`] when `url` is not a Redis URL.
    pub fn redis(url: &str) -> Result<Self, LimiterError> {
        Ok(Self { local: Arc::default(), redis: Some(Arc::new(RedisBuckets::new(url)?)) })
    }

    /// What the settings ask for: in Redis when `redis.url` is set, otherwise in this process.
    ///
    /// # Errors
    /// As [`redis`](Self::redis).
    pub fn from_config(config: &RedisConfig) -> Result<Self, LimiterError> {
        if config.url.is_empty() { Ok(Self::in_process()) } else { Self::redis(config.url.expose()) }
    }

    /// Draws from all these buckets, or from none when one is too full.
    pub async fn draw(&self, draws: &[Draw]) -> Outcome {
        if let Some(redis) = &self.redis
            && let Some(outcome) = redis.draw(draws).await
        {
            return outcome;
        }
        self.local.draw(draws, std::time::Instant::now())
    }
}
