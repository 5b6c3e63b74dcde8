//! From cells to what the engine compares.

use chrono::{NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;
use worker::matching::Feature;

use super::{
    people::{People, RESERVED},
    problems::{Problems, shown},
    rules::{Answer, Reading},
    table::whole,
};

/// By tag, the value it stands for.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<String>);

/// Everybody's answers, by person and then as the rules number them. `year` is the one whose time zones count.
pub(super) fn read(
    people: &People,
    answers: &[Answer],
    year: i32,
    in_people: &mut Problems,
    in_rules: &mut Problems,
) -> (Vec<Vec<Feature>>, Values) {
    let columns: Vec<(usize, &Answer)> =
        answers.iter().filter_map(|answer| Some((column(people, answer, in_rules)?, answer))).collect();
    let chosen = columns.iter().filter(|(_, answer)| answer.reading == Reading::Values);
    let chosen: Vec<usize> = chosen.map(|&(column, _)| column).collect();
    let mut values = Vec::new();
    for person in &people.list {
        values.extend(chosen.iter().flat_map(|&column| split(&person.answers[column])));
    }
    values.sort_unstable();
    values.dedup();
    let mut features = Vec::with_capacity(people.list.len());
    for person in &people.list {
        let mut row = Vec::with_capacity(columns.len());
        for &(column, answer) in &columns {
            let feature = feature(person.answers[column].trim(), answer.reading, &values, year);
            row.push(feature.unwrap_or_else(|message| {
                in_people.field(person.line, &answer.column, message);
                Feature::Missing
            }));
        }
        features.push(row);
    }
    (features, Values(values.into_iter().map(str::to_owned).collect()))
}

impl Values {
    /// What tags stand for.
    pub(super) fn spell(&self, tags: &[u32]) -> Vec<&str> {
        let value = |&tag: &u32| self.0.get(usize::try_from(tag).ok()?).map(String::as_str);
        tags.iter().filter_map(value).collect()
    }
}

/// Where the column of an answer is.
fn column(people: &People, answer: &Answer, in_rules: &mut Problems) -> Option<usize> {
    let found = people.columns.iter().position(|column| *column == answer.column);
    if found.is_none() {
        let name = shown(&answer.column);
        let message = if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&answer.column)) {
            format!("{name} is not an answer: it has a meaning of its own")
        } else {
            let columns = if people.columns.is_empty() { "none".to_owned() } else { people.columns.join(", ") };
            format!("{} has no column {name}; its columns with answers: {columns}", people.file)
        };
        in_rules.field(answer.line, answer.key, message);
    }
    found
}

fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').map(str::trim).filter(|value| !value.is_empty())
}

/// A cell as an answer; `values` are all there are, in order.
fn feature(cell: &str, reading: Reading, values: &[&str], year: i32) -> Result<Feature, String> {
    if cell.is_empty() {
        return Ok(Feature::Missing);
    }
    match reading {
        Reading::Values => {
            let tag = |value| values.binary_search(&value).ok().and_then(|tag| u32::try_from(tag).ok());
            let mut tags: Vec<u32> = split(cell).filter_map(tag).collect();
            tags.sort_unstable();
            tags.dedup();
            Ok(Feature::Tags(tags))
        }
        Reading::Number => {
            let help = "\"within\" compares whole numbers; write one, or leave the cell empty";
            let number = whole(cell.as_bytes(), i32::MIN.into()..=i32::MAX.into(), help)?;
            Ok(i32::try_from(number).map_or(Feature::Missing, Feature::Number))
        }
        Reading::TimeZone => {
            let minutes = offset(cell).or_else(|| standard_time(cell, year));
            let no_zone = || format!("{} is no time zone: write +02:00 or Europe/Berlin", shown(cell));
            minutes.map(Feature::Number).ok_or_else(no_zone)
        }
    }
}

/// Minutes east of UTC: `+02:00`, `-3`, `+0530`, each perhaps after `UTC` or `GMT`; `Z`.
fn offset(text: &str) -> Option<i32> {
    let upper = text.to_ascii_uppercase();
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper).trim_start();
    if rest == "Z" || (rest.is_empty() && !upper.is_empty()) {
        return Some(0);
    }
    let (sign, digits) = match rest.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, rest.strip_prefix(['-', '\u{2212}'])?),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        return None;
    }
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at(digits.len() - 2),
        None => (digits, "0"),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Minutes east of UTC in a zone of the IANA database, without daylight saving: what a run means must not depend on the
/// month. Clocks are put forward in summer, which is January in the south.
fn standard_time(zone: &str, year: i32) -> Option<i32> {
    let zone: Tz = zone.parse().ok()?;
    let minutes = |month| {
        let noon = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(12, 0, 0)?;
        Some(zone.offset_from_utc_datetime(&noon).fix().local_minus_utc() / 60)
    };
    Some(minutes(1)?.min(minutes(7)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_minutes_east() {
        for (text, minutes) in [
            ("+02:00", Some(120)),
            ("-3", Some(-180)),
            ("\u{2212}03:30", Some(-210)),
            ("+0530", Some(330)),
            ("UTC", Some(0)),
            ("utc +1", Some(60)),
            ("Z", Some(0)),
            ("Europe/Berlin", Some(60)),
            ("Europe/Dublin", Some(0)),
            ("America/Sao_Paulo", Some(-180)),
            ("Australia/Sydney", Some(600)),
            ("2", None),
            ("+", None),
            ("+15:00", None),
            ("+01:75", None),
            ("++1", None),
            ("Berlin", None),
        ] {
            assert_eq!(offset(text).or_else(|| standard_time(text, 2026)), minutes, "{text}");
        }
    }

    #[test]
    fn values_are_trimmed_and_kept_once() {
        let values = ["de", "en", "pt"];
        let tags = |cell| feature(cell, Reading::Values, &values, 2026);
        assert_eq!(tags(" pt; en;;pt "), Ok(Feature::Tags(vec![1, 2])));
        assert_eq!(tags(""), Ok(Feature::Missing));
        assert_eq!(tags(";"), Ok(Feature::Tags(Vec::new())));
    }
}
