//! Answers as they come in.

use async_graphql::InputObject;
use shared::domain::enrollments::Answers;

use super::payloads::invalid;
use crate::use_cases::UseCaseError;

/// An answer to one question of the program.
#[derive(InputObject, Clone, Debug)]
pub(super) struct AnswerInput {
    /// The question's key.
    key: String,
    /// The answer: one value for SINGLE and TEXT, any number for MULTIPLE and TAGS. At most 50, of at most 2,000
    /// characters each; empty for no answer.
    values: Vec<String>,
}

/// Answers by key. `side` is the field they came in.
pub(super) fn answers(side: &str, given: Vec<AnswerInput>) -> Result<Answers, UseCaseError> {
    let mut answers = Answers::new();
    for AnswerInput { key, values } in given {
        if answers.contains_key(&key) {
            return Err(invalid(&format!("{side}.{key}"), format!("`{key}` is answered twice")));
        }
        answers.insert(key, values);
    }
    Ok(answers)
}

/// As [`answers`], where they may be left out.
pub(super) fn answers_option(side: &str, given: Option<Vec<AnswerInput>>) -> Result<Option<Answers>, UseCaseError> {
    given.map(|given| answers(side, given)).transpose()
}
