//! Buckets in Redis.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::{Instant, timeout};

use super::{Draw, LimiterError, Outcome, whole_points};

/// How long a request waits for Redis before it goes on without.
const LIMIT: Duration = Duration::from_millis(50);
/// How long nobody tries again after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How long connecting may take; it goes on when a request gives up.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// One bucket a key; three arguments each: what it holds, what it loses in a microsecond, what is drawn. Answers what
/// each has left, or -1, the draw to wait for, and how many microseconds. A bucket is a text, `held:microsecond`, that
/// Redis forgets once it is empty. Everything stays far below 2^53, where numbers of Lua are exact.
const SCRIPT: &str = r"
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local levels, blamed, longest = {}, 0, 0
for i, key in ipairs(KEYS) do
  local capacity, pace, amount = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local level = 0
  local held, at = string.match(redis.call('GET', key) or '', '^(%d+):(%d+)$')
  if held then
    level = math.max(0, tonumber(held) - math.max(0, now - tonumber(at)) * pace)
  end
  levels[i] = level + amount
  local wait = math.ceil((level + amount - capacity) / pace)
  if level + amount > capacity and wait > longest then
    blamed, longest = i, wait
  end
end
if blamed > 0 then
  return {-1, blamed, longest}
end
local left = {}
for i, key in ipairs(KEYS) do
  local capacity, pace = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local empty_in = math.ceil(levels[i] / pace / 1000) + 1
  redis.call('SET', key, string.format('%.0f:%.0f', levels[i], now), 'PX', string.format('%.0f', empty_in))
  left[i] = math.max(0, capacity - levels[i])
end
return left
";

pub(super) struct RedisBuckets {
    connection: ConnectionManager,
    script: Script,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    paused_until: Option<Instant>,
    is_away: bool,
}

impl RedisBuckets {
    pub(super) fn new(url: &str) -> Result<Self, LimiterError> {
        let refuse = |error: RedisError| LimiterError(error.to_string());
        let client = Client::open(url).map_err(refuse)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(LIMIT));
        let connection = client.get_connection_manager_lazy(config).map_err(refuse)?;
        Ok(Self { connection, script: Script::new(SCRIPT), state: Mutex::default() })
    }

    /// `None` when Redis is away, or was a moment ago.
    pub(super) async fn draw(&self, draws: &[Draw]) -> Option<Outcome> {
        if !self.may_try() {
            return None;
        }
        let reason = match timeout(LIMIT, self.ask(draws)).await {
            Ok(Ok(numbers)) => {
                if let Some(outcome) = read(draws, &numbers) {
                    self.came_back();
                    return Some(outcome);
                }
                format!("an answer that cannot be: {numbers:?}")
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        self.went_away(&reason);
        None
    }

    async fn ask(&self, draws: &[Draw]) -> Result<Vec<i64>, RedisError> {
        let mut call = self.script.prepare_invoke();
        for draw in draws {
            call.key(format!("counterpart:limits:{}", draw.key));
            call.arg(draw.capacity()).arg(draw.pace()).arg(draw.amount());
        }
        let mut connection = self.connection.clone();
        // The first command after a lost connection always fails, and has told the manager to connect again.
        match call.invoke_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() => call.invoke_async(&mut connection).await,
            outcome => outcome,
        }
    }

    /// After a pause one request tries, and the others go on as before until it knows.
    fn may_try(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match state.paused_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.paused_until = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    fn came_back(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.paused_until = None;
        if std::mem::take(&mut state.is_away) {
            tracing::info!("limits are counted in Redis again");
        }
    }

    fn went_away(&self, reason: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.paused_until = Some(Instant::now() + PAUSE);
        if !std::mem::replace(&mut state.is_away, true) {
            tracing::warn!(reason, "limits are counted in this process: Redis is away");
        }
    }
}

fn read(draws: &[Draw], numbers: &[i64]) -> Option<Outcome> {
    if let [-1, draw, wait] = numbers {
        let draw = usize::try_from(*draw).ok()?.checked_sub(1).filter(|draw| *draw < draws.len())?;
        return Some(Outcome::Refused { draw, wait: Duration::from_micros(u64::try_from(*wait).ok()?) });
    }
    let remaining = numbers.iter().map(|left| u64::try_from(*left).ok().map(whole_points));
    let remaining = remaining.collect::<Option<Vec<u32>>>()?;
    (remaining.len() == draws.len()).then_some(Outcome::Granted { remaining })
}

impl fmt::Debug for RedisBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuckets").finish_non_exhaustive()
    }
}
