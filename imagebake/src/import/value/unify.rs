//! The one type that several can be converted to.

use super::{Attribute, Type};
use std::collections::BTreeMap;

/// The common type, if there is one.
pub fn unify(types: &[Type]) -> Option<Type> {
    let Some(first) = types.first() else {
        return Some(Type::Dynamic);
    };
    if types.iter().all(|ty| ty.alike(first)) {
        return Some(first.clone());
    }
    let known: Vec<&Type> = types.iter().filter(|ty| **ty != Type::Dynamic).collect();
    if known.len() < types.len() {
        // A null or something unknown takes any type on.
        let known: Vec<Type> = known.into_iter().cloned().collect();
        return unify(&known);
    }
    if types.iter().all(Type::is_primitive) {
        // Both become text where one of them is text; a number and a truth value alone have nothing in common.
        return types.contains(&Type::String).then_some(Type::String);
    }
    if types.iter().all(|ty| matches!(ty, Type::Object(_))) {
        return unify_objects(types);
    }
    if types.iter().all(|ty| matches!(ty, Type::Object(_) | Type::Map(_))) {
        return elements(types).map(Type::map);
    }
    if types.iter().all(|ty| matches!(ty, Type::Tuple(_))) {
        return unify_tuples(types);
    }
    if types.iter().all(|ty| matches!(ty, Type::Set(_) | Type::Tuple(_)))
        && types.iter().any(|ty| matches!(ty, Type::Set(_)))
    {
        return elements(types).map(|element| Type::Set(Box::new(element)));
    }
    if types
        .iter()
        .all(|ty| matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_)))
    {
        return elements(types).map(Type::list);
    }
    None
}

/// The common type of all elements of all.
fn elements(types: &[Type]) -> Option<Type> {
    let mut all = Vec::new();
    for ty in types {
        match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => all.push((**element).clone()),
            Type::Tuple(elements) => all.extend(elements.iter().cloned()),
            Type::Object(attributes) => all.extend(attributes.values().map(|attribute| attribute.ty.clone())),
            _ => return None,
        }
    }
    unify(&all)
}

fn unify_objects(types: &[Type]) -> Option<Type> {
    let maps: Vec<&BTreeMap<String, Attribute>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(attributes) => Some(attributes),
            _ => None,
        })
        .collect();
    if maps.iter().any(|map| !map.keys().eq(maps[0].keys())) {
        return elements(types).map(Type::map);
    }
    let attributes = maps[0]
        .keys()
        .map(|name| {
            let all: Vec<Type> = maps.iter().map(|map| map[name].ty.clone()).collect();
            unify(&all).map(|ty| (name.clone(), Attribute::required(ty)))
        })
        .collect::<Option<BTreeMap<_, _>>>()?;
    Some(Type::Object(attributes))
}

fn unify_tuples(types: &[Type]) -> Option<Type> {
    let tuples: Vec<&Vec<Type>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(elements) => Some(elements),
            _ => None,
        })
        .collect();
    if tuples.iter().any(|tuple| tuple.len() != tuples[0].len()) {
        return elements(types).map(Type::list);
    }
    (0..tuples[0].len())
        .map(|i| {
            let all: Vec<Type> = tuples.iter().map(|tuple| tuple[i].clone()).collect();
            unify(&all)
        })
        .collect::<Option<Vec<_>>>()
        .map(Type::Tuple)
}
