//! What a document would cost, before it is validated or executed.
//!
//! Validation walks a document with its fragments unfolded, and a few hundred bytes of fragments that spread each other
//! twice unfold into millions of fields. So the document is measured first, each fragment once: how deep it is, how
//! many fields it unfolds into, and how many it would resolve, where a list counts as often as it may have items.

use std::collections::HashMap;

use async_graphql::{
    Name, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use super::connections::PAGE_MAX;

/// What one request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Selections within selections.
    pub depth: u32,
    /// Fields and fragments of the document once its fragments are unfolded, lists counted once.
    pub fields: u64,
    /// Fields side by side at the top.
    pub root_fields: u64,
    /// Fields that would be resolved, lists counted as often as they may have items. See [`check`].
    pub cost: u64,
    /// Whether the schema is described to callers without a token too.
    pub open_introspection: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 15, fields: 1_000, root_fields: 50, cost: 20_000, open_introspection: false }
    }
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooCostly {
    /// Brackets within brackets, counted before parsing.
    #[error("brackets are nested more than {NESTING_MAX} deep; ask for less at once")]
    Nesting,
    /// Names, values and punctuation, counted before parsing.
    #[error(
        "the document has more than {TOKENS_MAX} words and signs; put values into variables and ask for less at once"
    )]
    Tokens,
    /// [`Limits::depth`].
    #[error("the document is nested more than {0} deep; ask in several steps")]
    Depth(u32),
    /// [`Limits::fields`].
    #[error("the document has more than {0} fields once its fragments are unfolded; ask for fewer")]
    Fields(u64),
    /// [`Limits::root_fields`].
    #[error("the document has more than {0} fields at the top; send several requests")]
    RootFields(u64),
    /// [`Limits::cost`].
    #[error("the document would cost {cost}, and one request may cost {limit}; use smaller values of first and last")]
    Cost {
        /// What it would cost.
        cost: u64,
        /// What it may cost.
        limit: u64,
    },
    /// Lists of the schema's own description, within each other.
    #[error("lists of the introspection are nested more than {INTROSPECTION_LISTS_MAX} deep")]
    Introspection,
    /// A fragment that contains itself, or fragments in a chain that is longer than any program writes.
    #[error("fragments contain themselves or each other in a chain of more than {FRAGMENTS_MAX}")]
    Fragments,
}

/// How deep brackets may be nested in the text. The parser's own recursion must not reach the end of the stack.
const NESTING_MAX: u32 = 64;
/// How many tokens a document may have. What the limits below do not count, such as directives and arguments, still takes
/// time to validate, and each may be told an error of its own.
const TOKENS_MAX: usize = 10_000;
/// How many fragments a document may have, which bounds their chains.
const FRAGMENTS_MAX: usize = 100;
/// `types { fields { type { fields` is as far as explorers go.
const INTROSPECTION_LISTS_MAX: u32 = 2;
/// What a statement costs, in fields.
const STATEMENT: u64 = 20;

/// Refuses a text that is too long, or nested too deep, to be parsed without danger. Knows strings and comments.
///
/// # Errors
/// [`TooCostly::Nesting`] and [`TooCostly::Tokens`].
pub fn check_text(text: &str) -> Result<(), TooCostly> {
    let mut depth = 0_u32;
    let mut tokens = 0_usize;
    let mut continues = false;
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let is_word = byte.is_ascii_alphanumeric() || *byte == b'_';
        let is_sign = !is_word && !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'#');
        if is_sign || (is_word && !continues) {
            tokens += 1;
            if tokens > TOKENS_MAX {
                return Err(TooCostly::Tokens);
            }
        }
        continues = is_word;
        rest = match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Err(TooCostly::Nesting);
                }
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => after_line(after),
            b'"' => after_string(after),
            _ => after,
        };
    }
    Ok(())
}

fn after_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
    &text[end..]
}

/// What follows the string whose first quote was just read.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        loop {
            if let Some(escaped) = block.strip_prefix(b"\\\"\"\"") {
                block = escaped;
            } else if let Some(after) = block.strip_prefix(b"\"\"\"") {
                return after;
            } else {
                let Some((_, next)) = block.split_first() else { return block };
                block = next;
            }
        }
    }
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => return after,
            b'\n' | b'\r' => return rest,
            b'\\' => after.get(1..).unwrap_or_default(),
            _ => after,
        };
    }
    rest
}

/// What the costliest operation of the document costs: 1 for each field, and 20 for each list that is read from the
/// database, a list's fields counted as often as its `first`, `last` or `ids` allow. Variables count as given; a list
/// without a size as 100.
///
/// # Errors
/// [`TooCostly`] when one of the limits is exceeded.
pub fn check(document: &ExecutableDocument, variables: &Variables, limits: &Limits) -> Result<u64, TooCostly> {
    if document.fragments.len() > FRAGMENTS_MAX {
        return Err(TooCostly::Fragments);
    }
    let mut names: Vec<&str> = document.fragments.keys().map(Name::as_str).collect();
    names.sort_unstable();
    let mut highest = 0;
    for (_, operation) in document.operations.iter() {
        let mut scale = Scale { document, variables, operation: &operation.node, measured: HashMap::new() };
        let whole = scale.selections(&operation.node.selection_set.node)?;
        // Validation also walks fragments that nobody uses.
        for name in &names {
            if scale.fragment(name)?.fields > limits.fields {
                return Err(TooCostly::Fields(limits.fields));
            }
        }
        if whole.depth > limits.depth {
            return Err(TooCostly::Depth(limits.depth));
        }
        if whole.fields > limits.fields {
            return Err(TooCostly::Fields(limits.fields));
        }
        if whole.width > limits.root_fields {
            return Err(TooCostly::RootFields(limits.root_fields));
        }
        if whole.lists > INTROSPECTION_LISTS_MAX {
            return Err(TooCostly::Introspection);
        }
        if whole.cost > limits.cost {
            return Err(TooCostly::Cost { cost: whole.cost, limit: limits.cost });
        }
        highest = highest.max(whole.cost);
    }
    Ok(highest)
}

/// What a selection weighs.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    depth: u32,
    fields: u64,
    /// Fields on its own level.
    width: u64,
    cost: u64,
    /// Lists of the introspection within each other.
    lists: u32,
}

impl Weight {
    /// A fragment where it is spread: walking there is work even when it holds nothing.
    fn spread(self) -> Self {
        Self { fields: self.fields.saturating_add(1), ..self }
    }

    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            fields: self.fields.saturating_add(other.fields),
            width: self.width.saturating_add(other.width),
            cost: self.cost.saturating_add(other.cost),
            lists: self.lists.max(other.lists),
        }
    }
}

struct Scale<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    operation: &'a OperationDefinition,
    /// `None` while a fragment is being measured: meeting it again then is a cycle.
    measured: HashMap<&'a str, Option<Weight>>,
}

impl<'a> Scale<'a> {
    fn selections(&mut self, set: &'a SelectionSet) -> Result<Weight, TooCostly> {
        let mut sum = Weight::default();
        for selection in &set.items {
            let weight = match &selection.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node)?.spread(),
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str())?.spread(),
            };
            sum = sum.beside(weight);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str) -> Result<Weight, TooCostly> {
        match self.measured.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(TooCostly::Fragments),
            None => {}
        }
        // A fragment that does not exist weighs nothing: validation tells.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Weight::default()) };
        self.measured.insert(name, None);
        let weight = self.selections(&fragment.node.selection_set.node)?;
        self.measured.insert(name, Some(weight));
        Ok(weight)
    }

    fn field(&mut self, field: &'a Field) -> Result<Weight, TooCostly> {
        let inner = self.selections(&field.selection_set.node)?;
        let size = self.size(field);
        let statement = if size.is_some() { STATEMENT } else { 0 };
        let times = size.unwrap_or(1);
        let name = field.name.node.as_str();
        let is_list = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes" | "types");
        // Programs of the introspection unfold the wrappers of a type in a chain that is deep and harmless.
        let level = u32::from(name != "ofType");
        Ok(Weight {
            depth: inner.depth.saturating_add(level),
            fields: inner.fields.saturating_add(1),
            width: 1,
            cost: inner.cost.saturating_mul(times).saturating_add(1 + statement),
            lists: inner.lists.saturating_add(u32::from(is_list && name != "types")),
        })
    }

    /// How many items a field may have, when it is a list of a size that its arguments tell.
    fn size(&self, field: &Field) -> Option<u64> {
        if let Some(ids) = self.argument(field, "ids") {
            let Value::List(ids) = ids else { return Some(1) };
            return u64::try_from(ids.len()).ok();
        }
        let number = |name: &str| {
            self.argument(field, name).map(|value| {
                let Value::Number(number) = value else { return None };
                number.as_u64()
            })
        };
        // A page has a size or is refused by its resolver; but a variable that is missing must not make it free.
        match (number("first"), number("last")) {
            (None, None) => None,
            (first, last) => Some(first.flatten().or(last.flatten()).unwrap_or(u64::from(PAGE_MAX))),
        }
    }

    /// An argument's value, if the argument is there; null when it hangs on a variable that is not.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        Some(value.into_const_with(|name| self.variable(&name).ok_or(())).unwrap_or_default())
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        if let Some(given) = self.variables.get(name) {
            return Some(given.clone());
        }
        let definition =
            self.operation.variable_definitions.iter().find(|definition| definition.node.name.node == *name);
        definition.and_then(|definition| definition.node.default_value().cloned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use async_graphql::{Variables, parser::parse_query};
    use serde_json::json;

    use super::{Limits, TooCostly, check, check_text};

    fn cost(query: &str, variables: serde_json::Value) -> Result<u64, TooCostly> {
        check_text(query)?;
        let document = parse_query(query).expect("a document");
        check(&document, &Variables::from_json(variables), &Limits::default())
    }

    #[test]
    fn lists_are_multiplied_and_fragments_too() {
        assert_eq!(cost("{ viewer { person { name } } }", json!({})), Ok(3));
        let page =
            "query ($n: Int = 5) { matches(first: $n) { nodes { ...F } } } fragment F on Match { id partner { name } }";
        assert_eq!(cost(page, json!({})), Ok(21 + 5 * 4));
        assert_eq!(cost(page, json!({ "n": 10 })), Ok(21 + 10 * 4));
        assert_eq!(cost("query ($n: Int) { matches(first: $n) { nodes { id } } }", json!({})), Ok(21 + 100 * 2));
        assert_eq!(cost(r#"{ nodes(ids: ["a", "b", "c"]) { id } }"#, json!({})), Ok(21 + 3));
        let nested = "{ programs(first: 100) { nodes { enrollments(first: 100) { nodes { id } } } } }";
        assert!(matches!(cost(nested, json!({})), Err(TooCostly::Cost { .. })));
    }

    #[test]
    fn a_bomb_of_fragments_is_found_at_once() {
        let doubled = |level: u32| format!("fragment F{level} on Viewer {{ ...F{0} ...F{0} }}\n", level + 1);
        let bomb = "{ viewer { ...F0 } }\n".to_owned() + &(0..24).map(doubled).collect::<Vec<_>>().concat();
        let unused = bomb.replace("{ viewer { ...F0 } }", "{ viewer { __typename } }");
        for document in [bomb.clone() + "fragment F24 on Viewer { person { id } }", bomb, unused] {
            let begun = Instant::now();
            assert_eq!(cost(&document, json!({})), Err(TooCostly::Fields(1_000)), "{document}");
            assert!(begun.elapsed() < Duration::from_millis(50), "{:?}", begun.elapsed());
        }
    }

    #[test]
    fn words_and_signs_are_counted_before_parsing() {
        for flood in ["a ", "@a", "a:1,", "{a}", "$a:Int ", "...F "] {
            assert_eq!(check_text(&flood.repeat(10_001)), Err(TooCostly::Tokens), "{flood}");
        }
        for few in
            [format!("{{ {} }}", "a".repeat(100_000)), format!("#{}", "a ".repeat(100_000)), " ,\n".repeat(50_000)]
        {
            assert_eq!(check_text(&few), Ok(()));
        }
        assert_eq!(check_text(&format!("{{ a(b: \"{}\") }}", "a b ".repeat(50_000))), Ok(()));
    }

    #[test]
    fn cycles_chains_depth_and_width_are_refused() {
        let cycle = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }";
        assert_eq!(cost(cycle, json!({})), Err(TooCostly::Fragments));
        let link = |level: u32| format!(" fragment F{level} on Query {{ ...F{} }}", level + 1);
        let chain = "{ ...F0 }".to_owned() + &(0..500).map(link).collect::<Vec<_>>().concat();
        assert_eq!(cost(&chain, json!({})), Err(TooCostly::Fragments));
        let deep = format!("{}id{}", "{ a ".repeat(16), "}".repeat(16));
        assert_eq!(cost(&deep, json!({})), Err(TooCostly::Depth(15)));
        let wide = (0..51).map(|index| format!("a{index}: __typename ")).collect::<Vec<_>>().concat();
        assert_eq!(cost(&format!("{{ {wide} }}"), json!({})), Err(TooCostly::RootFields(50)));
    }

    #[test]
    fn brackets_are_counted_before_parsing_but_not_in_texts() {
        for open in ["{ a ", "[", "(", "{a(b:["] {
            assert_eq!(check_text(&open.repeat(100_000)), Err(TooCostly::Nesting));
        }
        let harmless = [
            format!("{{ a(b: \"{}\") }}", "[".repeat(100)),
            format!("{{ a(b: \"\\\"{}\") }}", "[".repeat(100)),
            format!("{{ a(b: \"\"\"{} \" \\\"\"\" {}\"\"\") }}", "{".repeat(100), "{".repeat(100)),
            format!("{{ a # {}\n }}", "{".repeat(100)),
            format!("{{ a(b: \"\") {} }}", "c { d } ".repeat(100)),
        ];
        for text in harmless {
            assert_eq!(check_text(&text), Ok(()), "{text}");
        }
        let hidden = format!("{{ a(b: \"\") {} ", "{ a ".repeat(100));
        assert_eq!(check_text(&hidden), Err(TooCostly::Nesting));
    }

    #[test]
    fn explorers_may_introspect_and_nobody_may_walk_in_circles() {
        let types =
            "{ __schema { types { fields { args { type { ofType { ofType { ofType { ofType { name } } } } } } } } } }";
        assert!(cost(types, json!({})).is_ok());
        let circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert_eq!(cost(circle, json!({})), Err(TooCostly::Introspection));
    }
}
