//! Names of countries and languages in the languages mails are written in.

use super::language::Language;

/// A line is a code, the English and the German name, separated by tabs.
const COUNTRIES: &str = include_str!("../../templates/countries.tsv");
const LANGUAGES: &str = include_str!("../../templates/languages.tsv");

/// The name of a country (ISO 3166-1 alpha-2); an unknown code stands for itself.
pub(super) fn country(code: &str, language: Language) -> String {
    name(COUNTRIES, code, language)
}

/// The name of a language (ISO 639-1); an unknown code stands for itself.
pub(super) fn language(code: &str, language: Language) -> String {
    name(LANGUAGES, code, language)
}

/// A few hundred lines are read faster than a mail is rendered, so there is no map to keep.
fn name(table: &str, code: &str, language: Language) -> String {
    let row = table
        .lines()
        .map(|line| line.split('\t'))
        .find_map(|mut cells| cells.next().filter(|cell| cell.eq_ignore_ascii_case(code)).map(|_| cells));
    let column = match language {
        Language::En => 0,
        Language::De => 1,
    };
    row.and_then(|mut names| names.nth(column)).map_or_else(|| String::from(code), String::from)
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
        for (table, rows) in [(COUNTRIES, 250), (LANGUAGES, 182)] {
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
