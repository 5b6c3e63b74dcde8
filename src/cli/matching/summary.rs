//! What a run prints.

use std::fmt::Display;

use worker::matching::{Kind, Role};

use super::report::{Details, Report};

/// So many of those without a partner are named.
const NAMED: usize = 20;
/// The longest bar of the histogram.
const LONGEST: u32 = 40;

/// How many of a side have a partner, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) matched: usize,
    pub(super) people: usize,
}

/// A run in a few lines. In mentoring, the sides are the mentees and the mentors. `rest` is where those without a
/// partner are who are not named here.
pub(super) fn text(report: &Report<'_>, sides: Option<[Side; 2]>, rest: Option<&str>) -> String {
    let mut lines = Vec::new();
    let sides = sides.map(|[mentees, mentors]| format!(": {}, {}", mentees.of("mentees"), mentors.of("mentors")));
    let matched = format!("{} of {}", grouped(report.matched_people), people(report.people));
    lines.push(format!("Matched  {matched}{}", sides.unwrap_or_default()));
    lines.push(format!("Pairs    {}", grouped(report.pairs)));
    if let Some(average) = average(report.total_score, report.pairs) {
        let of = if report.details.is_some() { " of 1,000" } else { "" };
        lines.push(format!("Score    {} in total, {average}{of} on average", grouped(report.total_score)));
    }
    if let Some(details) = report.details.as_ref().filter(|_| report.pairs > 0) {
        lines.push(String::new());
        lines.extend(histogram(&details.histogram));
        lines.push(String::new());
    }
    if report.proof.certified {
        lines.push(match report.proof.allowed_pairs {
            0 => "No other plan is better: there was nothing to choose from.".to_owned(),
            allowed => format!("No other plan is better: proven for {}.", counted(allowed, "allowed pair")),
        });
    }
    if let Some(details) = &report.details {
        lines.push(stability(details.blocking_pairs));
        lines.extend(unmatched(report, details, rest));
    }
    lines.join("\n")
}

/// In mentoring, how many mentees and mentors have a partner. Pairs are indices into the roles.
pub(super) fn sides(
    kind: Kind,
    roles: impl ExactSizeIterator<Item = Role>,
    pairs: impl Iterator<Item = (usize, usize)>,
) -> Option<[Side; 2]> {
    if kind == Kind::Peer {
        return None;
    }
    let mut matched = vec![false; roles.len()];
    for (a, b) in pairs {
        matched[a] = true;
        matched[b] = true;
    }
    let mut sides = [Side::default(); 2];
    for (role, matched) in roles.zip(matched) {
        let side = &mut sides[usize::from(role == Role::Mentor)];
        side.people += 1;
        side.matched += usize::from(matched);
    }
    Some(sides)
}

impl Side {
    fn of(self, name: &str) -> String {
        format!("{} of {} {name}", grouped(self.matched), grouped(self.people))
    }
}

/// A line for every hundred points, without those at the ends that nobody has.
fn histogram(counts: &[u32; 10]) -> impl Iterator<Item = String> {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let used = |&(_, &count): &(usize, &u32)| count > 0;
    let first = counts.iter().enumerate().find(used).map_or(0, |(at, _)| at);
    let last = counts.iter().enumerate().rfind(used).map_or(0, |(at, _)| at);
    counts.iter().enumerate().take(last + 1).skip(first).map(move |(at, &count)| {
        let (from, to) = (at * 100, if at == 9 { 1000 } else { at * 100 + 99 });
        let length = usize::try_from(u64::from(count) * u64::from(LONGEST) / u64::from(most)).unwrap_or(0);
        // Whoever is there is seen.
        let bar = "█".repeat(if count > 0 { length.max(1) } else { 0 });
        format!("{from:>5}-{to:<4}  {bar}{}{}", if count > 0 { " " } else { "" }, grouped(count))
    })
}

fn stability(blocking: u64) -> String {
    let pairs = match blocking {
        0 => return "No two people would rather have each other than what they have got.".to_owned(),
        1 => "1 pair of people".to_owned(),
        _ => format!("{} pairs of people", grouped(blocking)),
    };
    format!("{pairs} would rather have each other than what they have got: normal, because the total decides.")
}

fn unmatched(report: &Report<'_>, details: &Details<'_>, rest: Option<&str>) -> Vec<String> {
    let all = &details.unmatched;
    let mut lines = Vec::new();
    if !all.is_empty() {
        let have = if all.len() == 1 { "has" } else { "have" };
        lines.push(format!("\n{} {have} no partner:", people(all.len())));
        let named = &all[..all.len().min(NAMED)];
        let width = named.iter().map(|person| person.id.chars().count()).max().unwrap_or(0);
        lines.extend(named.iter().map(|person| format!("  {:width$}  {}", person.id, person.text)));
        if all.len() > NAMED {
            let place = rest.map_or("name a --report to see them".to_owned(), |report| format!("see {report}"));
            lines.push(format!("  and {} more: {place}", grouped(all.len() - NAMED)));
        }
    }
    let told = all.len().saturating_add(usize::try_from(report.matched_people).unwrap_or(usize::MAX));
    let idle = report.people.saturating_sub(told);
    if idle > 0 {
        lines.push(format!("\n{} with capacity 0 took no part.", people(idle)));
    }
    lines
}

/// The average with one digit after the point, rounded towards zero; nothing for nothing.
fn average(total: i128, pairs: usize) -> Option<String> {
    let tenths = total.saturating_mul(10).checked_div(i128::try_from(pairs).ok()?)?;
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    Some(format!("{sign}{}.{}", grouped(tenths / 10), tenths % 10))
}

fn people(number: usize) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{} people", grouped(number)) }
}

fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("the one {noun}"),
        _ => format!("all {} {noun}s", grouped(number)),
    }
}

/// A whole number with commas between thousands.
fn grouped(number: impl Copy + Display) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let mut grouped = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        for (number, text) in [(0, "0"), (999, "999"), (-1000, "-1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (total, pairs, text) in
            [(-7, 2, Some("-3.5")), (-1, 20, Some("0.0")), (12_345, 1, Some("12,345.0")), (1, 0, None)]
        {
            assert_eq!(average(total, pairs).as_deref(), text);
        }
    }

    #[test]
    fn the_histogram_shows_everybody() {
        let lines: Vec<String> = histogram(&[0, 0, 1, 0, 4000, 0, 0, 0, 0, 2000]).collect();
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[0], "  200-299   █ 1");
        assert_eq!(lines[1], "  300-399   0");
        assert_eq!(lines[7], format!("  900-1000  {} 2,000", "█".repeat(20)));
    }
}
