//! Conversions and common types.

use super::*;

fn text(value: &str) -> Value {
    Value::from(value)
}

fn object(entries: &[(&str, Value)]) -> Value {
    Value::Object(
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

#[test]
fn primitives_convert_by_their_spelling() {
    assert_eq!(convert(&text("42"), &Type::Number), Ok(Value::integer(42)));
    assert_eq!(convert(&Value::integer(42), &Type::String), Ok(text("42")));
    assert_eq!(convert(&text("true"), &Type::Bool), Ok(Value::Bool(true)));
    assert_eq!(convert(&text("1"), &Type::Bool), Ok(Value::Bool(true)));
    assert_eq!(convert(&Value::Bool(false), &Type::String), Ok(text("false")));
    assert_eq!(convert(&text("x"), &Type::Number), Err("a number is required".into()));
    assert!(
        convert(&text("TRUE"), &Type::Bool)
            .expect_err("capitals")
            .contains("lowercase")
    );
    assert_eq!(convert(&Value::integer(1), &Type::Bool), Err("bool required".into()));
}

#[test]
fn collections_convert_by_element() {
    let mixed = Value::Tuple(vec![text("a"), Value::integer(1)]);
    let strings = Value::List(Type::String, vec![text("a"), text("1")]);
    assert_eq!(convert(&mixed, &Type::list(Type::String)), Ok(strings.clone()));
    // `list(any)` is a list of what the elements have in common.
    assert_eq!(convert(&mixed, &Type::list(Type::Dynamic)), Ok(strings));
    let twice = Value::Tuple(vec![text("b"), text("a"), text("b")]);
    assert_eq!(
        convert(&twice, &Type::Set(Box::new(Type::String))),
        Ok(Value::Set(Type::String, vec![text("a"), text("b")]))
    );
    let map = convert(
        &object(&[("a", Value::integer(1)), ("b", text("x"))]),
        &Type::map(Type::String),
    )
    .expect("it converts");
    assert_eq!(map.entries().expect("a map")["a"], text("1"));
    assert_eq!(
        convert(&text("a"), &Type::list(Type::String)),
        Err("list of string required".into())
    );
    assert_eq!(
        convert(&Value::Tuple(vec![text("a")]), &Type::list(Type::Number)),
        Err("element 0: a number is required".into())
    );
}

#[test]
fn objects_fill_in_what_is_optional() {
    let mut attributes = BTreeMap::new();
    attributes.insert("name".to_owned(), Attribute::required(Type::String));
    attributes.insert(
        "size".to_owned(),
        Attribute {
            ty: Type::Number,
            optional: true,
            default: Some(Box::new(Value::integer(8))),
        },
    );
    let ty = Type::Object(attributes);
    let given = object(&[("name", text("a")), ("other", text("dropped"))]);
    assert_eq!(
        convert(&given, &ty),
        Ok(object(&[("name", text("a")), ("size", Value::integer(8))]))
    );
    assert_eq!(convert(&object(&[]), &ty), Err("attribute \"name\" is required".into()));
}

#[test]
fn what_is_not_known_or_null_takes_its_type_on() {
    assert_eq!(
        convert(&Value::DYNAMIC, &Type::Number),
        Ok(Value::Unknown(Type::Number))
    );
    assert_eq!(
        convert(&Value::Null(Type::Dynamic), &Type::Bool),
        Ok(Value::Null(Type::Bool))
    );
    assert_eq!(
        convert(&Value::Unknown(Type::Bool), &Type::Number),
        Err("number required".into())
    );
}

#[test]
fn common_types() {
    let list = Type::list(Type::String);
    assert_eq!(unify(&[Type::String, Type::Number]), Some(Type::String));
    assert_eq!(unify(&[Type::Bool, Type::Number]), None);
    assert_eq!(unify(&[Type::Dynamic, list.clone()]), Some(list.clone()));
    assert_eq!(
        unify(&[Type::Tuple(vec![Type::String]), list.clone()]),
        Some(list.clone())
    );
    assert_eq!(
        unify(&[Type::Tuple(vec![Type::String]), Type::Tuple(vec![])]),
        Some(list)
    );
    let a = object(&[("x", text(""))]).ty();
    let b = object(&[("y", text(""))]).ty();
    assert_eq!(unify(&[a, b]), Some(Type::map(Type::String)));
    assert_eq!(unify(&[Type::String, Type::list(Type::String)]), None);
}

#[test]
fn text_is_compared_in_its_normal_form() {
    assert_eq!(Value::from("e\u{301}"), Value::from("\u{e9}"));
}
