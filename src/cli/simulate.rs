//! `counterpart simulate nights`: how many workers a night needs.
//!
//! Programs of all sizes are spread over all time zones, and a night is then arithmetic: work arrives when it is due and is
//! done as fast as the workers can. What a run costs is taken from options, which benches/nights measures on a machine; that
//! of a pair comes from benches/matching.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::TZ_VARIANTS;
use clap::{Args, Subcommand};

use super::{Failure, output};

/// What is simulated.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A night of many programs in all time zones: what it costs, hour by hour, and how many workers it needs
    Nights(Options),
}

/// The night.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// How many programs there are
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    programs: u32,
    /// The date of the night
    #[arg(long, default_value = "2026-11-25")]
    date: NaiveDate,
    /// How many minutes after it was due the last program of any hour may be done
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=720))]
    within_minutes: u32,
    /// Milliseconds that a run takes however small it is, on one core, the database's share included
    #[arg(long, default_value_t = 25.0)]
    run_ms: f64,
    /// Milliseconds for each person
    #[arg(long, default_value_t = 1.5)]
    person_ms: f64,
    /// Milliseconds for each thousand pairs of people
    #[arg(long, default_value_t = 0.1)]
    thousand_pairs_ms: f64,
}

/// A program's part of the night.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: DateTime<Utc>,
    people: u32,
    /// Of one core.
    seconds: f64,
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    let Command::Nights(options) = command;
    let night = night(options);
    let within = f64::from(options.within_minutes) * 60.0;
    let cores = cores_needed(&night, within).ok_or_else(|| {
        Failure::new(format!("no number of cores does that within {within} seconds: one run takes longer"))
    })?;
    let people: u64 = night.iter().map(|due| u64::from(due.people)).sum();
    let seconds: f64 = night.iter().map(|due| due.seconds).sum();
    output::line(format!("{} programs, {people} people, {:.1} core hours", night.len(), seconds / 3_600.0));
    output::line("hour (UTC)  programs      people  core hours");
    for hour in 0..24 {
        let due: Vec<&Due> = night.iter().filter(|due| due.at.hour() == hour).collect();
        let people: u64 = due.iter().map(|due| u64::from(due.people)).sum();
        let hours = due.iter().map(|due| due.seconds).sum::<f64>() / 3_600.0;
        output::line(format!("{hour:>10} {:>9} {people:>11} {hours:>11.2}", due.len()));
    }
    output::line(format!("all done within {} minutes with {cores} cores at work", options.within_minutes));
    for cores in [1, 2, 4, 8, 16, 32, 64] {
        let late = latest(&night, cores);
        output::line(format!("{cores:>4} cores: the last is done {:.0} minutes after it was due", late / 60.0));
    }
    Ok(())
}

/// Every program's due instant and cost, by when it is due.
fn night(options: &Options) -> Vec<Due> {
    let two = NaiveTime::from_hms_opt(2, 0, 0).unwrap_or(NaiveTime::MIN);
    let mut draw = Draw(0x2545_f491_4f6c_dd1d);
    let program = |_| {
        let zones = u32::try_from(TZ_VARIANTS.len()).unwrap_or(u32::MAX);
        let zone = usize::try_from(draw.below(zones)).unwrap_or(0);
        let people = size(&mut draw);
        let at = worker::schedule::due_instant(TZ_VARIANTS[zone], options.date, two)?;
        let people_f = f64::from(people);
        let pairs = people_f * (people_f - 1.0) / 2.0;
        let ms = options.run_ms + options.person_ms * people_f + options.thousand_pairs_ms * pairs / 1_000.0;
        Some(Due { at, people, seconds: ms / 1_000.0 })
    };
    let mut night: Vec<Due> = (0..options.programs).filter_map(program).collect();
    night.sort_by_key(|due| due.at);
    night
}

/// Usual programs have 50 to 1,000 people, one in twenty 2,000 to 5,000, one in a thousand 20,000 to 50,000; among each kind
/// twice as large is half as frequent.
fn size(draw: &mut Draw) -> u32 {
    let (least, most) = match draw.below(1_000) {
        0 => (20_000, 50_000),
        1..=50 => (2_000, 5_000),
        51.. => (50, 1_000),
    };
    // By the inverse of the distribution of 1/x.
    let part = f64::from(draw.below(1 << 20)) / f64::from(1 << 20);
    let wide = (f64::from(most) / f64::from(least)).powf(part);
    let mut size = least;
    while f64::from(size) < f64::from(least) * wide && size < most {
        size += (size / 50).max(1);
    }
    size.min(most)
}

/// How late the last program is done, in seconds after it was due, when work is taken as it comes by so many cores.
fn latest(night: &[Due], cores: u32) -> f64 {
    let (mut free_at, mut worst) = (f64::MIN, 0.0_f64);
    for due in night {
        let at = due.at.timestamp_millis();
        let at = f64::from(u32::try_from(at / 1_000).unwrap_or(0));
        free_at = free_at.max(at) + due.seconds / f64::from(cores);
        // However many cores there are, one run is not divided among more than it can use: one.
        worst = worst.max((free_at - at).max(due.seconds));
    }
    worst
}

/// The smallest number of cores with which everything is done in time.
fn cores_needed(night: &[Due], within: f64) -> Option<u32> {
    let (mut too_few, mut enough) = (0, 1);
    while latest(night, enough) > within {
        if enough > 1 << 20 {
            return None;
        }
        (too_few, enough) = (enough, enough * 2);
    }
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if latest(night, middle) > within { too_few = middle } else { enough = middle }
    }
    Some(enough)
}

/// The same numbers every time (Marsaglia, Xorshift RNGs, 2003).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(((self.0 >> 32) * u64::from(limit)) >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(programs: u32) -> Options {
        let date = "2026-11-25".parse().unwrap();
        Options { programs, date, within_minutes: 60, run_ms: 25.0, person_ms: 1.5, thousand_pairs_ms: 0.1 }
    }

    #[test]
    fn sizes_are_those_of_real_programs() {
        let night = night(&options(20_000));
        assert_eq!(night.len(), 20_000);
        let among = |least, most| night.iter().filter(|due| (least..=most).contains(&due.people)).count();
        assert_eq!(among(50, 1_000) + among(2_000, 5_000) + among(20_000, 50_000), 20_000);
        assert!((800..1_200).contains(&among(2_000, 5_000)) && (5..50).contains(&among(20_000, 50_000)));
        assert!(
            among(50, 220) > 8_000 && among(221, 1_000) > 8_000,
            "half of them below the middle on a logarithmic scale"
        );
    }

    #[test]
    fn more_cores_are_earlier_and_as_many_as_needed_are_enough() {
        let mut night = night(&options(20_000));
        night.retain(|due| due.people <= 5_000);
        let cores = cores_needed(&night, 3_600.0).unwrap();
        assert!(latest(&night, cores) <= 3_600.0);
        assert!(cores == 1 || latest(&night, cores - 1) > 3_600.0);
        assert!(latest(&night, 2 * cores) <= latest(&night, cores));
        assert_eq!(cores_needed(&night, 0.001), None, "no run is done at once");
    }
}
