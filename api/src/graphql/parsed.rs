//! Documents that were parsed before.
//!
//! A front end sends a handful of documents with ever new variables, and reading one takes a tenth of all that is done for
//! a usual page. What a text means depends on nothing else, so it is read once.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::{self, types::ExecutableDocument};
use shared::generations::Generations;

/// How many bytes of text a generation holds. A document takes up to thirty times as much memory as its text.
const GENERATION: usize = 128 * 1_024;
/// Longer documents are read every time, so that a few of them do not drive out all others.
const LONGEST: usize = 16 * 1_024;

/// The documents by their texts.
#[derive(Debug)]
pub(super) struct Parsed(Mutex<Generations<String, Arc<ExecutableDocument>>>);

impl Default for Parsed {
    fn default() -> Self {
        Self(Mutex::new(Generations::new(GENERATION)))
    }
}

impl Parsed {
    /// The document that this text is.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(&self, text: &str) -> Result<Arc<ExecutableDocument>, parser::Error> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(text).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let document = Arc::new(parser::parse_query(text)?);
        if text.len() <= LONGEST {
            let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            documents.keep(text.to_owned(), Arc::clone(&document), text.len());
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{LONGEST, Parsed};

    #[test]
    fn a_document_is_read_once_if_it_is_one_and_not_too_long() {
        let parsed = Parsed::default();
        let one = parsed.read("{ viewer { id } }").expect("a document");
        assert!(Arc::ptr_eq(&one, &parsed.read("{ viewer { id } }").expect("a document")));
        assert!(!Arc::ptr_eq(&one, &parsed.read("{ viewer { id }  }").expect("a document")));
        parsed.read("{ viewer {").expect_err("no document");
        parsed.read("{ viewer {").expect_err("still none");
        let long = format!("{{ viewer {{ id }} }}{}", " ".repeat(LONGEST));
        let read = parsed.read(&long).expect("a document");
        assert!(!Arc::ptr_eq(&read, &parsed.read(&long).expect("a document")));
    }
}
