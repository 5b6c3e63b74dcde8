//! Sentences in German. The reader is "du", the two of a pair are "ihr" and a "Tandem".

use chrono::{Datelike, NaiveDate, Weekday};
use shared::domain::{explanations::Ground, non_matches::Relaxation};

use super::{Language, Told};
use crate::mail::names;

pub(super) const ICE_BREAKERS: [&str; 4] = [
    "Wo arbeitest oder studierst du, und wie sieht ein gewöhnlicher Tag aus?",
    "Was erhoffst du dir von unserer gemeinsamen Zeit?",
    "Wie oft möchtest du in Kontakt sein, und auf welchem Weg: Mail, Telefon, Video?",
    "Woran arbeitest du gerade, das du gern einmal mit jemandem durchsprechen würdest?",
];

pub(super) const TOPICS: [&str; 6] = [
    "Einander kennenlernen: Woher kommt ihr, was erwartet ihr von den nächsten Monaten, und wann hätte sich die Zeit für \
     euch gelohnt?",
    "Ein gewöhnlicher Tag: Was tut ihr den ganzen Tag, was mögt ihr daran, und was würdet ihr gern abgeben?",
    "Ein Wendepunkt: Welche Entscheidung hat euren Weg am meisten geprägt, und wie seid ihr zu ihr gekommen?",
    "Etwas Schwieriges: Womit ringt ihr gerade, und was hat dem anderen in einer ähnlichen Lage geholfen?",
    "Menschen: Wer hat euch weitergeholfen, und wen sollte der andere kennenlernen?",
    "Zurückschauen und nach vorn: Was habt ihr voneinander gelernt, was macht ihr jetzt anders, und wie soll es \
     weitergehen?",
];

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

pub(super) fn date(date: NaiveDate) -> String {
    let weekday = match date.weekday() {
        Weekday::Mon => "Montag",
        Weekday::Tue => "Dienstag",
        Weekday::Wed => "Mittwoch",
        Weekday::Thu => "Donnerstag",
        Weekday::Fri => "Freitag",
        Weekday::Sat => "Samstag",
        Weekday::Sun => "Sonntag",
    };
    let month = MONTHS.into_iter().zip(1..).find(|(_, number)| *number == date.month());
    format!("{weekday}, {}. {} {}", date.day(), month.map_or("", |(name, _)| name), date.year())
}

pub(super) fn days(days: u16) -> String {
    match days {
        1 => String::from("einem Tag"),
        days => format!("{days} Tagen"),
    }
}

pub(super) fn ground(ground: &Ground, partner: &str) -> Option<String> {
    let country = |code: &str| names::country(code, Language::De);
    Some(match ground {
        Ground::SameCountry { country: code } => {
            format!("Ihr lebt im selben Land: {}.", country(code))
        }
        Ground::DifferentCountries { a, b } => {
            format!("Ihr lebt in verschiedenen Ländern: {} und {}.", country(a), country(b))
        }
        Ground::SharedLanguages { languages } => {
            let named: Vec<String> = languages.iter().map(|code| names::language(code, Language::De)).collect();
            format!("Ihr sprecht beide {}.", list(&named)?)
        }
        Ground::SharedAnswers { label, values } => {
            format!("Das habt ihr gemeinsam: {} ({label}).", list(values)?)
        }
        Ground::DifferentAnswers { label, a, b } => format!(
            "Ihr unterscheidet euch, und das ist gewollt: du hast {} gewählt, {partner} {} \
             ({label}).",
            list(a)?,
            list(b)?
        ),
        Ground::Offered { label, by_a, by_b } => {
            let theirs = list(by_b).map(|values| format!("{partner} bietet, was du gesucht hast: {values} ({label})."));
            let yours = list(by_a).map(|values| format!("Du bietest, was {partner} gesucht hat: {values} ({label})."));
            match (theirs, yours) {
                (Some(theirs), Some(yours)) => format!("{theirs} {yours}"),
                (theirs, yours) => theirs.or(yours)?,
            }
        }
        Ground::HoursApart { hours: 0 } => String::from("Eure Uhren zeigen fast dieselbe Zeit."),
        Ground::HoursApart { hours: 1 } => String::from("Zwischen euch liegt eine Stunde Zeitunterschied."),
        Ground::HoursApart { hours } => {
            format!("Zwischen euch liegen {hours} Stunden Zeitunterschied.")
        }
    })
}

pub(super) fn reason(reason: Told, considered: u32) -> String {
    match reason {
        Told::NobodyFits => match considered {
            0 => String::from("Noch steht sonst niemand zur Auswahl."),
            1 => String::from("Eine Person stand zur Auswahl, und nicht alles passt, was passen muss."),
            more => format!(
                "{more} Menschen standen zur Auswahl, aber bei niemandem passt alles, was passen \
                 muss."
            ),
        },
        Told::NobodyFitsWell => String::from(
            "Es stehen Menschen zur Auswahl, aber niemand passt so gut, wie das Programm es \
             verlangt. Wir warten lieber, als dich mit jemandem bekannt zu machen, mit dem du \
             wenig gemeinsam hast.",
        ),
        Told::Full => String::from(
            "Es gibt Menschen, die zu dir passen würden, aber bei allen sind die Plätze schon \
             vergeben.",
        ),
        Told::Priority => String::from(
            "Es gibt Menschen, die zu dir passen würden, aber diesmal gingen die Plätze an die, \
             die im Programm zuerst an der Reihe sind.",
        ),
        Told::BetterElsewhere => String::from(
            "Wir suchen die Tandems, die für alle zusammen am besten sind. Diesmal blieb dabei \
             für dich niemand übrig. Über dich sagt das nichts.",
        ),
        Told::OddOneOut => String::from(
            "Es war eine ungerade Zahl von Menschen dabei, eine Person musste übrig bleiben. \
             Diesmal warst du es. Über dich sagt das nichts.",
        ),
        Told::OnlyPastPartners => String::from("Mit allen, die zu dir passen würden, warst du schon einmal im Tandem."),
        Told::PausedOrIncomplete => String::from(
            "Deine Teilnahme ruht, oder es fehlen noch Antworten, die für die Vermittlung nötig \
             sind.",
        ),
        Told::Late => String::from("Du bist erst dazugekommen, als diese Runde schon geschlossen war."),
        Told::Quota => String::from(
            "Aus deinem Land haben sich mehr Menschen beworben, als eine Runde aus einem Land \
             aufnehmen kann. Die Plätze werden in der Reihenfolge der Bewerbungen vergeben, und \
             du stehst auf der Warteliste.",
        ),
    }
}

pub(super) fn help(reason: Told, relaxation: Option<&Relaxation>) -> Option<String> {
    let Some(relaxation) = relaxation else {
        return unaided(reason).map(String::from);
    };
    Some(match relaxation {
        Relaxation::DropCriterion { label } => format!(
            "Wenn „{label}“ nicht passen müsste, gäbe es jemanden für dich. Frag nach, ob es für \
             dich gelockert werden kann."
        ),
        Relaxation::AllowPastPartners => String::from(
            "Wenn du jemanden von früher wiedertreffen möchtest, sag Bescheid: das wäre sofort \
             möglich.",
        ),
        Relaxation::LowerMinimumScore { .. } => String::from(
            "Jemand kommt dem recht nahe. Frag nach, ob ihr euch kennenlernen dürft, obwohl ihr \
             weniger gemeinsam habt, als das Programm sonst verlangt.",
        ),
        Relaxation::OneMorePlace { candidates: 1 } => {
            String::from("Es fehlt nur ein weiterer Platz bei jemandem, der zu dir passt.")
        }
        Relaxation::OneMorePlace { candidates } => format!(
            "Es fehlt nur ein weiterer Platz bei irgendjemandem von {candidates} Menschen, die \
             zu dir passen. Wird einer frei, kann es gut deiner sein."
        ),
        Relaxation::OneMoreParticipant => String::from(
            "Es fehlt nur noch eine Person. Wenn du jemanden kennst, dem das hier gefallen \
             würde, erzähl davon.",
        ),
    })
}

/// Advice when no single change would have been enough.
fn unaided(reason: Told) -> Option<&'static str> {
    match reason {
        Told::NobodyFits | Told::NobodyFitsWell | Told::Full | Told::OddOneOut => Some(
            "Jede weitere Person hilft. Wenn du jemanden kennst, dem das hier gefallen würde, \
             erzähl davon.",
        ),
        Told::OnlyPastPartners => Some("Mit jeder neuen Person gibt es eine neue Möglichkeit."),
        Told::PausedOrIncomplete => {
            Some("Beende die Pause oder ergänze die fehlenden Antworten, dann bist du wieder dabei.")
        }
        Told::Priority | Told::BetterElsewhere | Told::Late | Told::Quota => None,
    }
}

fn list<S: AsRef<str>>(items: &[S]) -> Option<String> {
    super::list(items, "und")
}
