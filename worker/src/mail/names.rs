//! Names of countries and languages in the languages mails are written in.

use std::{collections::HashMap, sync::LazyLock};

use super::language::Language;

/// The English and the German name of each code.
type Names = HashMap<&'static str, [&'static str; 2]>;

static COUNTRIES: LazyLock<Names> = LazyLock::new(|| names(include_str!("../../templates/countries.tsv")));
static LANGUAGES: LazyLock<Names> = LazyLock::new(|| names(include_str!("../../templates/languages.tsv")));

/// The name of a country (ISO 3166-1 alpha-2); an unknown code stands for itself.
pub(super) fn country(code: &str, language: Language) -> String {
    name(COUNTRIES.get(code.to_ascii_uppercase().as_str()), code, language)
}

/// The name of a language (ISO 639-1); an unknown code stands for itself.
pub(super) fn language(code: &str, language: Language) -> String {
    name(LANGUAGES.get(code.to_ascii_lowercase().as_str()), code, language)
}

fn name(found: Option<&[&str; 2]>, code: &str, language: Language) -> String {
    let Some([english, german]) = found else { return code.to_owned() };
    match language {
        Language::En => english,
        Language::De => german,
    }
    .to_string()
}

/// A line is a code and its two names, separated by tabs.
fn names(table: &'static str) -> Names {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        Some((cells.next()?, [cells.next()?, cells.next()?]))
    };
    table.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_language_of_the_mail() {
        assert_eq!(country("BR", Language::En), "Brazil");
        assert_eq!(country("br", Language::De), "Brasilien");
        assert_eq!(language("pt", Language::De), "Portugiesisch");
        assert_eq!(country("QQ", Language::De), "QQ");
    }

    #[test]
    fn every_line_has_a_code_and_both_names() {
        let tables = [include_str!("../../templates/countries.tsv"), include_str!("../../templates/languages.tsv")];
        for (table, names, rows) in [(tables[0], &COUNTRIES, 250), (tables[1], &LANGUAGES, 182)] {
            assert_eq!(names.len(), rows);
            let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
            assert_eq!(lines.len(), rows);
            for line in lines {
                let cells: Vec<&str> = line.split('\t').collect();
                assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{line}");
                assert_eq!(cells[0].len(), 2, "{line}");
            }
        }
    }
}
