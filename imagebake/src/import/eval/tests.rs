//! Expressions whose values another implementation of HCL does not give, and properties.

use crate::import::{
    eval::{Scope, evaluate},
    sources::Span,
    syntax::{Expr, ExprKind},
    testing::{problem, value},
    value::{Number, Type, Value},
};
use proptest::prelude::*;

fn unknown() -> [(&'static str, Value); 2] {
    [
        ("u", Value::DYNAMIC),
        (
            "s",
            Value::Object(
                [
                    ("known".to_owned(), Value::from("k")),
                    ("unknown".to_owned(), Value::Unknown(Type::String)),
                ]
                .into_iter()
                .collect(),
            ),
        ),
    ]
}

#[test]
fn what_is_not_known_stays_so() {
    let of = |text| value(text, &unknown()).expect(text);
    assert_eq!(of("\"a-${s.unknown}\""), Value::Unknown(Type::String));
    assert_eq!(of("u.a.b[0]"), Value::DYNAMIC);
    assert_eq!(of("s.unknown == \"a\""), Value::Unknown(Type::Bool));
    assert_eq!(of("s.unknown == \"a\" ? 1 : 2"), Value::Unknown(Type::Number));
    assert_eq!(of("upper(s.unknown)"), Value::Unknown(Type::String));
    assert_eq!(of("[for x in u : x]"), Value::DYNAMIC);
    assert_eq!(of("u[*].a"), Value::DYNAMIC);
    assert_eq!(of("false && s.unknown == \"a\""), Value::Bool(false));
    // What does not depend on it is known.
    assert_eq!(of("length([s.unknown, 1])"), Value::integer(2));
    assert_eq!(of("merge({a = s.unknown}, {b = 1}).b"), Value::integer(1));
    assert_eq!(of("s.known"), Value::from("k"));
}

#[test]
fn the_side_of_a_conditional_that_is_not_taken_may_fail() {
    assert_eq!(value("true ? \"a\" : file(\"missing\")", &[]), Ok(Value::from("a")));
    assert!(problem("true ? 1 : [2]").contains("must have one type"));
    // Numbers become text where the other side is text.
    assert_eq!(value("false ? \"a\" : 1", &[]), Ok(Value::from("1")));
}

#[test]
fn problems_are_in_the_terms_of_the_template() {
    assert_eq!(problem("{a = 1}.b"), "this value has no attribute `b`");
    assert_eq!(problem("[1][3]"), "there is no element 3: the list has 1, from 0 to 0");
    assert_eq!(
        problem("\"a${null}\""),
        "the value is null, which cannot be put into a string"
    );
    assert_eq!(
        problem("\"a${[1]}\""),
        "a value of type tuple cannot be put into a string: string required"
    );
    assert_eq!(problem("1 / 0"), "division by 0");
    assert_eq!(
        problem("1 + \"x\""),
        "this is not what is expected here: a number is required"
    );
    assert_eq!(
        problem("{for x in [1, 1] : \"k\" => x}"),
        "two elements give the key \"k\""
    );
    assert_eq!(
        problem("[for x in 1 : x]"),
        "a list, set, map, tuple or object is expected here, not number"
    );
    assert_eq!(problem("nope"), "there is no variable `nope`");
    assert_eq!(problem("uper(\"a\")"), "there is no function `uper`");
    assert_eq!(
        problem("env(\"A\")"),
        "`env` can be used in the default of a variable only"
    );
}

#[test]
fn nesting_has_an_end() {
    let mut expr = Expr::new(ExprKind::Literal(Value::Bool(true)), Span::new(0, 0..0));
    for _ in 0..5000 {
        let span = expr.span;
        expr = Expr::new(ExprKind::Parens(Box::new(expr)), span);
    }
    let context = crate::import::context::Context::new("/w", "/w");
    let fault = evaluate(&context, &expr, &Scope::default()).expect_err("it is too deep");
    assert_eq!(fault.code, "nesting");
    // Taken apart by hand: the destructor of so deep a tree would recurse as well.
    while let ExprKind::Parens(inner) = expr.kind {
        expr = *inner;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn texts_survive_quoting(text in "\\PC*") {
        let quoted: String = text.chars().map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '$' | '%' => format!("{c}{c}"),
            c => c.to_string(),
        }).collect();
        // A doubled sign means one only before a brace.
        let quoted = quoted.replace("$$", "$").replace("%%", "%").replace("${", "$${").replace("%{", "%%{");
        prop_assume!(!text.contains("$${") && !text.contains("%%{") && !text.ends_with(['$', '%']));
        let read = value(&format!("\"{quoted}\""), &[]).expect("text");
        prop_assert_eq!(read, Value::from(text));
    }

    #[test]
    fn integers_calculate_as_integers(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000) {
        let of = |text: String| value(&text, &[]).expect("a value");
        prop_assert_eq!(of(format!("{a} + {b}")), Value::integer(a + b));
        prop_assert_eq!(of(format!("{a} - ({b})")), Value::integer(a - b));
        prop_assert_eq!(of(format!("{a} * ({b})")), Value::integer(a * b));
        prop_assert_eq!(of(format!("{a} < {b}")), Value::Bool(a < b));
        if b != 0 {
            prop_assert_eq!(of(format!("{a} % ({b})")), Value::integer(a % b));
        }
    }

    #[test]
    fn numbers_print_as_they_read(whole in 0_u32.., fraction in "[0-9]{0,8}[1-9]") {
        let text = format!("{whole}.{fraction}");
        prop_assert_eq!(Number::parse(&text).expect("a number").to_string(), text.clone());
        prop_assert_eq!(value(&format!("\"<${{{text}}}>\""), &[]).expect("text"), Value::from(format!("<{text}>")));
    }

    #[test]
    fn operators_bind_as_they_should(a in 0_i64..50, b in 0_i64..50, c in 1_i64..50) {
        let of = |text: String| value(&text, &[]).expect("a value");
        prop_assert_eq!(of(format!("{a} + {b} * {c}")), Value::integer(a + b * c));
        prop_assert_eq!(of(format!("{a} - {b} - {c}")), Value::integer(a - b - c));
        prop_assert_eq!(of(format!("{a} < {b} == true && {c} > 0 || false")), Value::Bool(a < b));
        prop_assert_eq!(of(format!("-{a} + {b}")), Value::integer(b - a));
        prop_assert_eq!(of(format!("{a} > {b} ? {c} : -{c}")), Value::integer(if a > b { c } else { -c }));
    }

    #[test]
    fn heredocs_lose_what_all_lines_have(lines in prop::collection::vec("[a-z]{1,8}", 1..6), indents in prop::collection::vec(0_usize..6, 6), extra in 0_usize..6) {
        let least = indents[..lines.len()].iter().min().copied().unwrap_or(0);
        let mut source = String::from("<<-E\n");
        let mut expected = String::new();
        for (line, indent) in lines.iter().zip(&indents) {
            source.push_str(&format!("{}{line}\n", " ".repeat(indent + extra)));
            expected.push_str(&format!("{}{line}\n", " ".repeat(indent - least)));
        }
        source.push_str("  E\n");
        prop_assert_eq!(value(source.trim_end(), &[]).expect("text"), Value::from(expected));
    }
}
