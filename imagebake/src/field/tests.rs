//! What `#[derive(Config)]` writes.

use super::*;

/// A group.
#[derive(Clone, Debug, Config)]
pub struct Login {
    /// Who logs in.
    #[field(required, template = "ssh_username")]
    user: Text,
    /// Where it listens.
    #[field(default = 22, template = "ssh_port")]
    port: u16,
    at: Places,
}

impl Login {
    #[track_caller]
    fn user_named(user: impl Into<Text>) -> Self {
        Self::defaults().user(user)
    }
}

fn both(value: &Value) -> Vec<(&'static str, Value)> {
    vec![("low", value.clone()), ("high", value.clone())]
}

/// Settings that several configs have.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Reach {
    /// How it is reached.
    #[field(template = "communicator")]
    communicator: Option<Text>,
    /// Names of hosts.
    #[field(each = "host")]
    hosts: Vec<(String, Text)>,
    #[field(private)]
    hidden: bool,
    #[field(group)]
    login: Option<Login>,
    at: Places,
}

/// Flattened itself, with another in it.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Machine {
    cpus: Option<u32>,
    #[field(flatten)]
    reach: Reach,
    memory: Option<u32>,
    at: Places,
}

const SHARED_FACTS: &[&str] = &["disk", "build_region"];

/// What has the settings of `Machine` and its own, before and after.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(first, last = "z")))]
pub struct Owner {
    first: Text,
    #[field(flatten)]
    machine: Machine,
    #[field(facts = SHARED_FACTS)]
    last: Option<Template>,
    at: Places,
}

/// Every shape of a field.
#[derive(Clone, Config)]
pub struct Every {
    /// Commands.
    #[field(template = "inline", facts("vars", "path"))]
    inline: Vec<Template>,
    /// First line.
    #[field(default = "/bin/sh -e", template = "inline_shebang")]
    shebang: Text,
    /// Variables.
    #[field(each = "env", template = "env")]
    environment: Vec<(String, Text)>,
    /// Labels.
    #[field(each = "label")]
    labels: BTreeMap<String, Template>,
    /// Ports.
    #[field(each = "ports")]
    ports: Vec<u16>,
    /// How long.
    #[field(default = Duration::from_secs(90))]
    wait: Duration,
    #[field(default = 3)]
    tries: Option<u32>,
    /// Hidden from plans.
    password: Option<Secret>,
    #[field(path, superseded = "the engine does it", template = "old")]
    script: Option<HostPath>,
    #[field(parts = both, rename = "range_of", cosmetic, unkeyed, secret)]
    range: Option<i64>,
    #[field(group)]
    login: Option<Login>,
    logins: Vec<Login>,
    #[field(skip, default = 7)]
    hidden: u8,
    #[field(private, rename = "with_mode")]
    mode: String,
    verbose: bool,
    at: Places,
}

fn named(every: &Every, name: &str) -> Field {
    every
        .fields()
        .into_iter()
        .find(|field| field.meta.name == name)
        .unwrap_or_else(|| panic!("no field {name}"))
}

fn row(name: &str) -> &'static FieldMeta {
    Every::FIELDS
        .iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("no row {name}"))
}

#[test]
fn setters_take_what_a_user_has_at_hand() {
    let every = Every::defaults()
        .inline(["a", "b"])
        .shebang(String::from("/bin/bash"))
        .environment([("A", "1")])
        .env("B", 2u16)
        .env(String::from("C"), Secret::literal("x"))
        .labels([("a", format!("web-{}", crate::value::TIMESTAMP))])
        .label("b", "{{ build.id }}")
        .ports(80)
        .ports(443)
        .wait(Duration::from_secs(1))
        .tries(5)
        .password(Secret::env("PW"))
        .script("x.sh")
        .range_of(4)
        .login(Login::user_named("root").port(2222))
        .logins([Login::user_named("a"), Login::user_named("b")])
        .verbose(true)
        .with_mode("m");
    let json: serde_json::Map<_, _> = every
        .fields()
        .iter()
        .map(|field| (field.meta.name.to_owned(), field.value.to_json(false)))
        .collect();
    assert_eq!(
        serde_json::Value::from(json),
        serde_json::json!({
            "inline": ["a", "b"], "shebang": "/bin/bash", "environment": {"A": "1", "B": "2", "C": "<secret>"},
            "labels": {"a": "web-{{ timestamp }}", "b": "{{ build.id }}"}, "ports": [80, 443], "wait": "1s", "tries": 5,
            "password": "<secret env:PW>", "script": "x.sh", "range_of": 4, "user": "root", "port": 2222,
            "logins": [{"ssh_username": "a", "ssh_port": 22}, {"ssh_username": "b", "ssh_port": 22}], "mode": "m", "verbose": true,
        })
    );
    assert_eq!(every.hidden, 7);
}

#[test]
fn a_list_is_replaced_and_its_second_setter_adds() {
    let every = Every::defaults().env("A", "1").environment([("B", "2")]).env("C", "3");
    assert_eq!(
        named(&every, "environment").value.to_json(false),
        serde_json::json!({"B": "2", "C": "3"})
    );
}

#[test]
fn nothing_set_is_the_defaults_without_places() {
    let every = Every::defaults();
    assert!(every.fields().iter().all(|field| field.set_at.is_none()));
    assert_eq!(named(&every, "shebang").value.to_json(false), "/bin/sh -e");
    assert_eq!(named(&every, "tries").value.to_json(false), 3);
    assert!(
        every.fields().iter().all(|field| field.meta.name != "port"),
        "a group that is not there has no fields"
    );
}

#[test]
fn each_setter_remembers_its_line() {
    let line = line!();
    let every = Every::defaults()
        .verbose(true)
        .env("A", "1")
        .login(Login::user_named("root").port(1));
    for (name, below) in [("verbose", 2), ("environment", 3), ("user", 4), ("port", 4)] {
        let place = named(&every, name).set_at.unwrap_or_else(|| panic!("{name} was set"));
        assert!(place.file.ends_with("field/tests.rs"), "{place}");
        assert_eq!(place.line, line + below, "{name}");
    }
    let again = every.verbose(false);
    let last = named(&again, "verbose").set_at.map(|place| place.line);
    assert_eq!(last, Some(line!() - 2), "the last one counts");
}

#[test]
fn flattened_settings_are_the_owners() {
    let line = line!();
    let owner = Owner::defaults()
        .first("a")
        .cpus(2)
        .communicator("ssh")
        .hosts([("a", "b")])
        .login(Login::user_named("root"))
        .host("c", "d")
        .memory(3);
    let names: Vec<_> = owner.fields().iter().map(|field| field.meta.name).collect();
    assert_eq!(
        names,
        [
            "first",
            "cpus",
            "communicator",
            "hosts",
            "hidden",
            "user",
            "port",
            "memory",
            "last"
        ]
    );
    let rows: Vec<_> = Owner::FIELDS.iter().map(|row| row.name).collect();
    assert_eq!(
        rows,
        [
            "first",
            "cpus",
            "communicator",
            "hosts",
            "hidden",
            "login",
            "memory",
            "last"
        ]
    );
    let set: Vec<_> = owner.fields().into_iter().filter(Field::is_set).collect();
    let set: Vec<_> = set
        .iter()
        .map(|field| (field.meta.name, field.set_at.as_ref().map(|place| place.line - line)))
        .collect();
    assert_eq!(
        set,
        [
            ("first", Some(2)),
            ("cpus", Some(3)),
            ("communicator", Some(4)),
            ("hosts", Some(7)),
            ("user", Some(6)),
            ("memory", Some(8))
        ]
    );
}

/// Of a constructor that takes nothing.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(on = true)))]
struct Switch {
    on: bool,
    at: Places,
}

impl Switch {
    #[track_caller]
    fn new() -> Self {
        Self::defaults().on(true)
    }
}

#[test]
fn a_constructor_that_takes_nothing_is_the_default() {
    let line = line!();
    let switch = Switch::default();
    assert_eq!(
        switch.fields()[0].set_at.as_ref().map(|place| place.line),
        Some(line + 1)
    );
    assert_eq!(switch.fields()[0].value.to_json(false), true);
}

#[test]
fn constructors_name_rows_behind_flattened_ones() {
    let [of] = Owner::SHAPE.constructors else {
        panic!("there is one")
    };
    assert!(matches!(of.takes, [Taken::Row(0)]));
    assert_eq!(of.sets, [(7, "z")]);
    assert_eq!(Owner::FIELDS[7].facts, SHARED_FACTS);
}

#[test]
fn rows_say_what_each_field_is() {
    let names: Vec<_> = Every::FIELDS.iter().map(|row| row.name).collect();
    assert_eq!(names[..5], ["inline", "shebang", "environment", "labels", "ports"]);
    assert!(!names.contains(&"hidden") && !names.contains(&"at"));
    assert_eq!(
        (row("shebang").default, row("shebang").doc),
        (Some("/bin/sh -e"), "First line.")
    );
    assert_eq!(row("wait").default, Some("90s"));
    assert_eq!(row("inline").facts, ["vars", "path"]);
    assert!(
        row("password").secret
            && row("range_of").secret
            && row("range_of").cosmetic
            && row("range_of").unkeyed
            && row("script").reads_path
    );
    assert!(Login::FIELDS[0].required && !Login::FIELDS[1].required);
    assert!(matches!(row("inline").ty, FieldType::List(FieldType::Template)));
    assert!(matches!(row("labels").ty, FieldType::Map(FieldType::Template)));
    assert!(matches!(row("login").ty, FieldType::Group(shape) if shape.rows.len() == 2));
    assert!(matches!(row("logins").ty, FieldType::List(FieldType::Group(_))));
    assert!(matches!(row("environment").template, TemplateName::Is("env")));
    assert!(matches!(
        row("script").template,
        TemplateName::Superseded {
            name: "old",
            reason: "the engine does it"
        }
    ));
    assert!(matches!(row("verbose").template, TemplateName::None));
    let TemplateName::Parts(parts) = row("range_of").template else {
        panic!("it is several")
    };
    assert_eq!(parts(&Value::Integer(1)).len(), 2);
}
