//! The values in a compose file: settings the product knows, variables that are set, passwords that are not written down.

use serde_json::Value;

/// Every unknown setting, variable that may silently be empty, and password in the file.
pub(super) fn problems(compose: &Value, known_settings: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, service) in compose["services"].as_object().into_iter().flatten() {
        for (key, value) in environment(service) {
            if is_unknown(&key, known_settings) {
                problems.push(format!("{name} sets {key}, which is no setting"));
            }
            if key.to_ascii_uppercase().contains("PASSWORD") && is_written_down(&value) {
                problems.push(format!("{name} has a password in the file: {key}"));
            }
        }
    }
    let mut texts = Vec::new();
    collect(compose, &mut texts);
    for text in texts {
        for variable in variables(text) {
            if !variable.contains([':', '-', '?', '+']) {
                problems.push(format!("${{{variable}}} is empty when it is not set"));
            }
        }
    }
    problems
}

/// Whether a variable looks like a setting of the product and is none.
pub(super) fn is_unknown(variable: &str, known_settings: &[String]) -> bool {
    variable.starts_with("COUNTERPART_")
        && variable != "COUNTERPART_CONFIG"
        && !known_settings.iter().any(|known| known == variable)
}

/// A service's variables, in either form.
fn environment(service: &Value) -> Vec<(String, String)> {
    if let Some(variables) = service["environment"].as_object() {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return variables.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    }
    let entries = service["environment"].as_array().into_iter().flatten();
    entries
        .filter_map(|entry| entry.as_str()?.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Whether anything of the value is in the file itself; `${NAME:?message}` and `${NAME:-}` are not.
fn is_written_down(value: &str) -> bool {
    let variables = variables(value);
    let [variable] = variables.as_slice() else {
        return !value.is_empty();
    };
    let default = variable.split_once(":-").map_or("", |(_, default)| default);
    value.len() != variable.len() + 3 || !default.is_empty()
}

/// The insides of every `${...}`.
fn variables(text: &str) -> Vec<&str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside).collect()
}

fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    if let Some(text) = value.as_str() {
        texts.push(text);
    }
    value.as_array().into_iter().flatten().for_each(|value| collect(value, texts));
    value.as_object().into_iter().flatten().for_each(|(_, value)| collect(value, texts));
}
