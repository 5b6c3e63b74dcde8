//! The values of variables against the types that the operation declares for them (GraphQL, October 2021, 6.1.2): what
//! does not fit ends the request before anything is executed. The library would find out field by field.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

use async_graphql::{
    Name, Value, Variables,
    parser::{
        parse_schema,
        types::{BaseType, OperationDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};

/// What a value of a named type must be.
enum Input {
    Scalar,
    Enum(HashSet<Name>),
    Object(Vec<Member>),
}

struct Member {
    name: Name,
    ty: Type,
    has_default: bool,
}

/// The input types of the schema by name. There is one schema, and it is read once.
fn inputs() -> &'static HashMap<Name, Input> {
    static INPUTS: OnceLock<HashMap<Name, Input>> = OnceLock::new();
    INPUTS.get_or_init(|| {
        let document = match parse_schema(super::sdl()) {
            Ok(document) => document,
            Err(error) => {
                // Not reached while a test reads the same text; resolvers would still refuse what does not fit.
                tracing::error!(%error, "the schema cannot be read");
                return HashMap::new();
            }
        };
        let mut inputs = HashMap::new();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let definition = definition.node;
            let input = match definition.kind {
                TypeKind::Scalar => Input::Scalar,
                TypeKind::Enum(words) => {
                    Input::Enum(words.values.into_iter().map(|word| word.node.value.node).collect())
                }
                TypeKind::InputObject(object) => Input::Object(
                    object
                        .fields
                        .into_iter()
                        .map(|field| Member {
                            name: field.node.name.node,
                            ty: field.node.ty.node,
                            has_default: field.node.default_value.is_some(),
                        })
                        .collect(),
                ),
                TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_) => continue,
            };
            inputs.insert(definition.name.node, input);
        }
        inputs
    })
}

/// Checks every variable that the operation declares.
///
/// # Errors
/// The first thing that does not fit, with the path to it.
pub(super) fn check(operation: &OperationDefinition, variables: &Variables) -> Result<(), String> {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let (name, ty) = (&definition.name.node, &definition.var_type.node);
        let path = format!("${name}");
        match variables.get(name) {
            Some(value) => fits(value, ty, &path)?,
            None if ty.nullable || definition.default_value().is_some() => {}
            None => return Err(format!("the variable `{path}` of the type {ty} is missing")),
        }
    }
    Ok(())
}

fn fits(value: &Value, ty: &Type, path: &str) -> Result<(), String> {
    if *value == Value::Null {
        return if ty.nullable { Ok(()) } else { Err(format!("`{path}` must be of the type {ty}, and is null")) };
    }
    match &ty.base {
        BaseType::List(item) => {
            // One value is a list of one.
            let Value::List(values) = value else { return fits(value, item, path) };
            values.iter().enumerate().try_for_each(|(index, value)| fits(value, item, &format!("{path}[{index}]")))
        }
        BaseType::Named(name) => fits_named(value, name, path),
    }
}

fn fits_named(value: &Value, name: &Name, path: &str) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("`{path}` must be {what}"));
    let fits = match name.as_str() {
        // As the library reads it: `7.0` is none.
        "Int" => {
            matches!(value, Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()))
        }
        "Float" => matches!(value, Value::Number(_)),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => {
            matches!(value, Value::String(_))
                || matches!(value, Value::Number(number) if number.is_i64() || number.is_u64())
        }
        _ => match inputs().get(name) {
            Some(Input::Enum(words)) => {
                let is_one = matches!(value, Value::String(word) if words.contains(word.as_str()))
                    || matches!(value, Value::Enum(word) if words.contains(word));
                if !is_one {
                    let mut words: Vec<&str> = words.iter().map(Name::as_str).collect();
                    words.sort_unstable();
                    return refuse(&format!("one of {}", words.join(", ")));
                }
                true
            }
            Some(Input::Object(members)) => {
                let Value::Object(fields) = value else { return refuse(&format!("an object, a {name}")) };
                return fits_object(fields, members, name, path);
            }
            // A scalar of our own is a text, and its reader says what is wrong with it.
            Some(Input::Scalar) => matches!(value, Value::String(_)),
            // No input type: validation tells.
            None => true,
        },
    };
    if fits {
        return Ok(());
    }
    refuse(match name.as_str() {
        "Int" => "a whole number between -2147483648 and 2147483647",
        "Float" => "a number",
        "Boolean" => "true or false",
        _ => "a text",
    })
}

fn fits_object(
    fields: &async_graphql::indexmap::IndexMap<Name, Value>,
    members: &[Member],
    name: &Name,
    path: &str,
) -> Result<(), String> {
    if let Some(unknown) = fields.keys().find(|field| members.iter().all(|member| member.name != **field)) {
        return Err(format!("`{path}.{unknown}` is not a field of {name}"));
    }
    for Member { name, ty, has_default } in members {
        match fields.get(name) {
            Some(value) => fits(value, ty, &format!("{path}.{name}"))?,
            None if ty.nullable || *has_default => {}
            None => return Err(format!("`{path}.{name}` of the type {ty} is missing")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::{Variables, parser::parse_query};
    use serde_json::{Value, json};

    use super::{check, inputs};
    use crate::graphql::operations::chosen;

    fn told(declared: &str, variables: Value) -> String {
        let document =
            parse_query(format!("query ({declared}) {{ viewer {{ person {{ id }} }} }}")).expect("a document");
        let operation = chosen(&document, None).expect("an operation");
        check(operation, &Variables::from_json(variables)).err().unwrap_or_default()
    }

    #[test]
    fn the_schema_can_be_read() {
        assert!(inputs().len() > 50);
    }

    #[test]
    fn what_fits_is_left_alone() {
        for (declared, variables) in [
            ("$a: Int!", json!({ "a": 7 })),
            ("$a: Int!", json!({ "a": -2_147_483_648_i64 })),
            ("$a: Int! = 5", json!({})),
            ("$a: Int", json!({})),
            ("$a: Int", json!({ "a": null, "b": "passed over" })),
            ("$a: [Int!]", json!({ "a": 7 })),
            ("$a: [[Int!]!]!", json!({ "a": [[1], [2, 3]] })),
            ("$a: Float!", json!({ "a": 1 })),
            ("$a: ID!", json!({ "a": 7 })),
            ("$a: ConstraintKind!", json!({ "a": "PIN" })),
            ("$a: CreatePersonInput!", json!({ "a": { "name": "A", "email": "a@b", "languages": "en" } })),
            ("$a: DateTime", json!({ "a": "2026-01-01T00:00:00Z" })),
            ("$a: NoSuchType!", json!({ "a": 1 })),
        ] {
            assert_eq!(told(declared, variables.clone()), "", "{declared} {variables}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        for (declared, variables, expected) in [
            ("$a: Int!", json!({}), "the variable `$a` of the type Int! is missing"),
            ("$a: Int!", json!({ "a": null }), "`$a` must be of the type Int!, and is null"),
            ("$a: Int", json!({ "a": 2_147_483_648_i64 }), "`$a` must be a whole number between"),
            ("$a: Int", json!({ "a": u64::MAX }), "`$a` must be a whole number between"),
            ("$a: Int", json!({ "a": 1e300 }), "`$a` must be a whole number between"),
            ("$a: Int", json!({ "a": 7.0 }), "`$a` must be a whole number between"),
            ("$a: Int", json!({ "a": 1.5 }), "`$a` must be a whole number between"),
            ("$a: Int", json!({ "a": "7" }), "`$a` must be a whole number between"),
            ("$a: Int", json!({ "a": true }), "`$a` must be a whole number between"),
            ("$a: Float", json!({ "a": "1" }), "`$a` must be a number"),
            ("$a: String!", json!({ "a": 1 }), "`$a` must be a text"),
            ("$a: Boolean", json!({ "a": "true" }), "`$a` must be true or false"),
            ("$a: ID", json!({ "a": 1.5 }), "`$a` must be a text"),
            ("$a: [Int!]", json!({ "a": [1, null] }), "`$a[1]` must be of the type Int!, and is null"),
            ("$a: ConstraintKind", json!({ "a": "NONE" }), "`$a` must be one of AVOID, FORBID, PIN"),
            ("$a: DateTime", json!({ "a": 1 }), "`$a` must be a text"),
            ("$a: CreatePersonInput!", json!({ "a": "x" }), "`$a` must be an object, a CreatePersonInput"),
            ("$a: CreatePersonInput!", json!({ "a": { "name": "A" } }), "`$a.email` of the type String! is missing"),
            (
                "$a: CreatePersonInput!",
                json!({ "a": { "name": "A", "email": "a@b", "organizationId": "x" } }),
                "`$a.organizationId` is not a field of CreatePersonInput",
            ),
        ] {
            let found = told(declared, variables.clone());
            assert!(found.starts_with(expected), "{declared} {variables}: {found}");
        }
    }
}
