//! Expressions and functions with the values that another implementation of the language gives them (as JSON).

use crate::import::{
    testing::{problem, value},
    value::{Type, Value},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value as Json;
use std::io::Read;

/// Expression, value.
const VALUES: &[(&str, &str)] = &[
    (r#"1 + 2 * 3"#, r#"7"#),
    (r#"(1 + 2) * 3"#, r#"9"#),
    (r#"7 / 2"#, r#"3.5"#),
    (r#"1 / 3"#, r#"0.3333333333333333"#),
    (r#"-7 % 3"#, r#"-1"#),
    (r#"0.1 + 0.2"#, r#"0.3"#),
    (r#"1e3"#, r#"1000"#),
    (r#"-5"#, r#"-5"#),
    (r#"!true"#, r#"false"#),
    (r#"true && false"#, r#"false"#),
    (r#"true || false"#, r#"true"#),
    (r#"1 == 1"#, r#"true"#),
    (r#""1" == 1"#, r#"false"#),
    (r#""a" != "b""#, r#"true"#),
    (r#"[] == []"#, r#"true"#),
    (r#"[1, 2] == [1, 2]"#, r#"true"#),
    (r#"null == null"#, r#"true"#),
    (r#"2 > 1"#, r#"true"#),
    (r#"2 >= 2"#, r#"true"#),
    (r#""2" < 10"#, r#"true"#),
    (r#"true ? "a" : "b""#, r#""a""#),
    (r#"false ? 1 : "b""#, r#""b""#),
    (r#"true ? null : "x""#, r#"null"#),
    (r#"true ? [1] : ["a", "b"]"#, r#"["1"]"#),
    (r#"true ? {a = 1} : {a = "x", b = true}"#, r#"{"a": "1"}"#),
    (r#"[for s in ["a", "b"] : upper(s)]"#, r#"["A", "B"]"#),
    (r#"[for i, s in ["a", "b"] : "${i}=${s}"]"#, r#"["0=a", "1=b"]"#),
    (r#"[for k, v in {b = 1, a = 2} : "${k}${v}"]"#, r#"["a2", "b1"]"#),
    (r#"{for s in ["a", "b"] : s => upper(s)}"#, r#"{"a": "A", "b": "B"}"#),
    (
        r#"{for s in ["ab", "ac", "b"] : substr(s, 0, 1) => s...}"#,
        r#"{"a": ["ab", "ac"], "b": ["b"]}"#,
    ),
    (r#"[for s in ["a", "b", "c"] : s if s != "b"]"#, r#"["a", "c"]"#),
    (r#"[{a = 1}, {a = 2}][*].a"#, r#"[1, 2]"#),
    (r#"[{a = {b = [1, 2]}}, {a = {b = [3]}}].*.a.b[0]"#, r#"[1, 2]"#),
    (r#"[{a = [1, 2]}, {a = [3]}][*].a[0]"#, r#"[1, 3]"#),
    (r#""single"[*]"#, r#"["single"]"#),
    (r#"null[*]"#, r#"[]"#),
    (r#"{a = {b = 1}}.a.b"#, r#"1"#),
    (r#"{"a b" = 1}["a b"]"#, r#"1"#),
    (r#"[10, 20, 30][1]"#, r#"20"#),
    (r#"["a", "b"].1"#, r#""b""#),
    (r#""a${1}b""#, r#""a1b""#),
    (r#""${1}""#, r#"1"#),
    (r#""${[1, 2]}""#, r#"[1, 2]"#),
    (r#""$${x} %%{y}""#, r#""${x} %{y}""#),
    (r#""%{ if true }yes%{ else }no%{ endif }""#, r#""yes""#),
    (r#""%{ for x in [1, 2] }<${x}>%{ endfor }""#, r#""<1><2>""#),
    (r#""a %{ for x in [1, 2] ~} ${x} %{ endfor ~} b""#, r#""a 1 2 b""#),
    (r#""\u00e9\t\"\\""#, r#""é\t\"\\""#),
    (r#"{(upper("a")) = 1}"#, r#"{"A": 1}"#),
    (r#"{"x" : 1, y : 2}"#, r#"{"x": 1, "y": 2}"#),
    (r#"abs(-5.5)"#, r#"5.5"#),
    (r#"ceil(5.1)"#, r#"6"#),
    (r#"floor(-5.1)"#, r#"-6"#),
    (r#"log(16, 2)"#, r#"4"#),
    (r#"log(8, 2)"#, r#"3"#),
    (r#"max(1, 3, 2)"#, r#"3"#),
    (r#"min([3, 1, 2]...)"#, r#"1"#),
    (r#"parseint("ff", 16)"#, r#"255"#),
    (r#"parseint("-101", 2)"#, r#"-5"#),
    (r#"parseint("Zz", 62)"#, r#"3817"#),
    (r#"pow(2, 10)"#, r#"1024"#),
    (r#"pow(2, 0.5)"#, r#"1.4142135623730951"#),
    (r#"signum(-3)"#, r#"-1"#),
    (r#"sum([1, 2.5])"#, r#"3.5"#),
    (r#"alltrue([true, true])"#, r#"true"#),
    (r#"alltrue([])"#, r#"true"#),
    (r#"anytrue([false, true])"#, r#"true"#),
    (r#"chomp("a\r\n\n")"#, r#""a""#),
    (r#"endswith("abc", "bc")"#, r#"true"#),
    (r#"startswith("abc", "ab")"#, r#"true"#),
    (r#"strcontains("abc", "b")"#, r#"true"#),
    (r#"indent(2, "a\nb\nc")"#, r#""a\n  b\n  c""#),
    (r#"join("-", ["a", "b"], ["c"])"#, r#""a-b-c""#),
    (r#"lower("ABC")"#, r#""abc""#),
    (r#"upper("abc")"#, r#""ABC""#),
    (
        r#"title("hello world of o'brien a_b 1x")"#,
        r#""Hello World Of O'Brien A_b 1x""#,
    ),
    (r#"strrev("abé")"#, r#""éba""#),
    (r#"substr("hello", 1, 3)"#, r#""ell""#),
    (r#"substr("hello", -3, 2)"#, r#""ll""#),
    (r#"substr("hello", 1, -1)"#, r#""ello""#),
    (r#"trim("?!hello?!", "!?")"#, r#""hello""#),
    (r#"trimprefix("helloworld", "hello")"#, r#""world""#),
    (r#"trimsuffix("helloworld", "world")"#, r#""hello""#),
    (r#"trimspace("  a b \n")"#, r#""a b""#),
    (r#"replace("a.b.c", ".", "-")"#, r#""a-b-c""#),
    (r#"split(",", "a,b,c")"#, r#"["a", "b", "c"]"#),
    (r#"split(",", "")"#, r#"[""]"#),
    (r#"regex("[a-z]+", "53abc")"#, r#""abc""#),
    (r#"regex("(\\d+)-(\\d+)", "a 12-34")"#, r#"["12", "34"]"#),
    (
        r#"regex("(?P<y>\\d+)-(?P<m>\\d+)", "2020-12")"#,
        r#"{"m": "12", "y": "2020"}"#,
    ),
    (r#"regexall("[a-z]+", "1ab2cd")"#, r#"["ab", "cd"]"#),
    (r#"regexall("(\\d)(\\w)", "1a2b")"#, r#"[["1", "a"], ["2", "b"]]"#),
    (r#"compact(["a", "", "b"])"#, r#"["a", "b"]"#),
    (r#"sort(["b", "a", "C"])"#, r#"["C", "a", "b"]"#),
    (r#"length("añb")"#, r#"3"#),
    (r#"length([1, 2])"#, r#"2"#),
    (r#"length({a = 1})"#, r#"1"#),
    (r#"coalesce("", "b")"#, r#""b""#),
    (r#"coalesce(null, 1, 2)"#, r#"1"#),
    (r#"keys({b = 1, a = 2})"#, r#"["a", "b"]"#),
    (r#"values({b = 1, a = 2})"#, r#"[2, 1]"#),
    (r#"lookup({a = "x"}, "a", "d")"#, r#""x""#),
    (r#"lookup({a = "x"}, "b", "d")"#, r#""d""#),
    (r#"merge({a = 1}, {b = "x"}, {a = 2})"#, r#"{"a": 2, "b": "x"}"#),
    (r#"merge({a = 1}, null)"#, r#"{"a": 1}"#),
    (r#"zipmap(["a", "b"], [1, 2])"#, r#"{"a": 1, "b": 2}"#),
    (r#"setintersection(["a", "b"], ["b", "c"])"#, r#"["b"]"#),
    (r#"setunion(["b", "a"], ["c", "a"])"#, r#"["a", "b", "c"]"#),
    (
        r#"setproduct(["a", "b"], [1, 2])"#,
        r#"[["a", 1], ["a", 2], ["b", 1], ["b", 2]]"#,
    ),
    (r#"chunklist(["a", "b", "c"], 2)"#, r#"[["a", "b"], ["c"]]"#),
    (r#"coalescelist([], ["a"])"#, r#"["a"]"#),
    (r#"concat(["a"], ["b", "c"])"#, r#"["a", "b", "c"]"#),
    (r#"concat(["a"], [1])"#, r#"["a", 1]"#),
    (r#"contains(["a", "b"], "b")"#, r#"true"#),
    (r#"contains([1, 2], 3)"#, r#"false"#),
    (r#"distinct(["a", "b", "a"])"#, r#"["a", "b"]"#),
    (r#"element(["a", "b", "c"], 4)"#, r#""b""#),
    (r#"flatten([["a", ["b"]], [], ["c"]])"#, r#"["a", "b", "c"]"#),
    (r#"index(["a", "b"], "b")"#, r#"1"#),
    (r#"range(3)"#, r#"[0, 1, 2]"#),
    (r#"range(1, 4)"#, r#"[1, 2, 3]"#),
    (r#"range(4, 1)"#, r#"[4, 3, 2]"#),
    (r#"range(1, 8, 3)"#, r#"[1, 4, 7]"#),
    (r#"reverse([1, 2, 3])"#, r#"[3, 2, 1]"#),
    (r#"slice(["a", "b", "c", "d"], 1, 3)"#, r#"["b", "c"]"#),
    (r#"md5("hello")"#, r#""5d41402abc4b2a76b9719d911017c592""#),
    (r#"sha1("hello")"#, r#""aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d""#),
    (
        r#"sha256("hello")"#,
        r#""2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824""#,
    ),
    (
        r#"sha512("hello")"#,
        r#""9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043""#,
    ),
    (
        r#"uuidv5("dns", "example.com")"#,
        r#""cfbff0d1-9375-5685-968c-48ce8b15ae17""#,
    ),
    (
        r#"uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x")"#,
        r#""05b16a01-46c6-56dd-bd6e-c6dfb4a1427a""#,
    ),
    (r#"base64decode("aGVsbG8=")"#, r#""hello""#),
    (r#"base64encode("hello")"#, r#""aGVsbG8=""#),
    (r#"textencodebase64("Hi", "UTF-16LE")"#, r#""SABpAA==""#),
    (r#"textdecodebase64("SABpAA==", "UTF-16LE")"#, r#""Hi""#),
    (r#"textencodebase64("é", "ISO-8859-1")"#, r#""6Q==""#),
    (r#"urlencode("a b&c=ü/~")"#, r#""a+b%26c%3D%C3%BC%2F~""#),
    (
        r#"csvdecode("a,b\n1,2\n3,\"x,y\"\n")"#,
        r#"[{"a": "1", "b": "2"}, {"a": "3", "b": "x,y"}]"#,
    ),
    (
        r#"jsondecode("{\"a\":[1,null,true,\"x\"]}")"#,
        r#"{"a": [1, null, true, "x"]}"#,
    ),
    (
        r#"jsonencode({b = [1, 2.5, null, true], a = "<&>\n\"é"})"#,
        r#""{\"a\":\"\\u003c\\u0026\\u003e\\n\\\"é\",\"b\":[1,2.5,null,true]}""#,
    ),
    (
        r#"yamldecode("a: [1, two, 3.5, true, null]\nb:\n  c: 'x'\n")"#,
        r#"{"a": [1, "two", 3.5, true, null], "b": {"c": "x"}}"#,
    ),
    (
        r#"yamldecode("a: &x {b: 0x10, c: 'é'}\nc:\n  <<: *x\n  d: +12\ne: 1.10\nf: !!str 5\ng: ~\nh: [007, 1e3, .inf, 1_0]\n")"#,
        r#"{"a": {"b": 16, "c": "é"}, "c": {"b": 16, "c": "é", "d": 12}, "e": 1.1, "f": "5", "g": null, "h": [7, 1000, ".inf", "1_0"]}"#,
    ),
    (r##"yamldecode("# nothing\n")"##, "null"),
    (
        r#"yamlencode({b = ["x", 1], a = {c = true, d = null}, e = [], f = "l1\nl2\n"})"#,
        r#""\"a\":\n  \"c\": true\n  \"d\": null\n\"b\":\n- \"x\"\n- 1\n\"e\": []\n\"f\": |\n  l1\n  l2\n""#,
    ),
    (
        r#"yamlencode([{a = 1, b = "x"}, ["y", "z"]])"#,
        r#""- \"a\": 1\n  \"b\": \"x\"\n- - \"y\"\n  - \"z\"\n""#,
    ),
    (r#"basename("a/b/c.txt")"#, r#""c.txt""#),
    (r#"dirname("a/b/c.txt")"#, r#""a/b""#),
    (r#"dirname("c.txt")"#, r#"".""#),
    (r#"basename("/")"#, r#""/""#),
    (r#"cidrhost("10.12.112.0/20", 16)"#, r#""10.12.112.16""#),
    (r#"cidrhost("10.12.112.0/20", -1)"#, r#""10.12.127.255""#),
    (
        r#"cidrhost("fd00:fd12:3456:7890::/72", 34)"#,
        r#""fd00:fd12:3456:7890::22""#,
    ),
    (r#"cidrnetmask("172.16.0.0/12")"#, r#""255.240.0.0""#),
    (r#"cidrsubnet("172.16.0.0/12", 4, 2)"#, r#""172.18.0.0/16""#),
    (
        r#"cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)"#,
        r#""fd00:fd12:3456:7800:a200::/72""#,
    ),
    (
        r#"cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)"#,
        r#"["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]"#,
    ),
    (
        r#"formatdate("YYYY-MM-DD'T'hh:mm:ssZ", "2018-01-02T23:12:01Z")"#,
        r#""2018-01-02T23:12:01Z""#,
    ),
    (
        r#"formatdate("EEEE, DD-MMM-YY HH:mm:ss AA ZZZ", "2018-01-02T23:12:01+02:00")"#,
        r#""Tuesday, 02-Jan-18 11:12:01 PM +0200""#,
    ),
    (
        r#"formatdate("EEE D MMMM h H:m:s aa ZZZZ ZZZZZ", "2018-01-02T03:02:01-07:30")"#,
        r#""Tue 2 January 3 3:2:1 am -0730 -07:30""#,
    ),
    (
        r#"formatdate("'at' hh'h' ''", "2018-01-02T23:12:01Z")"#,
        r#""at 23h '""#,
    ),
    (r#"timeadd("2017-11-22T00:00:00Z", "10m")"#, r#""2017-11-22T00:10:00Z""#),
    (
        r#"timeadd("2017-11-22T00:00:00+01:00", "-1h30m")"#,
        r#""2017-11-21T22:30:00+01:00""#,
    ),
    (r#"format("Hello, %s!", "Ander")"#, r#""Hello, Ander!""#),
    (
        r#"format("%d|%5d|%-5d|%05d|%+d", 42, 42, 42, 42, 42)"#,
        r#""42|   42|42   |00042|+42""#,
    ),
    (r#"format("%s %q %v %#v", "x", "y", "z", "w")"#, r#""x \"y\" z \"w\"""#),
    (
        r#"format("%f %.2f %8.3f %e %g", 1.5, 1.555, 3.14159, 12345.678, 0.00001234)"#,
        r#""1.500000 1.56    3.142 1.234568e+04 1.234e-05""#,
    ),
    (r#"format("%b %o %x %X", 10, 64, 255, 255)"#, r#""1010 100 ff FF""#),
    (r#"format("%t %%", true)"#, r#""true %""#),
    (r#"format("%[2]s %[1]s", "a", "b")"#, r#""b a""#),
    (
        r#"format("%10s|%-10s|%.2s", "abc", "abc", "abcdef")"#,
        r#""       abc|abc       |ab""#,
    ),
    (
        r#"format("%g %g %G %.3g", 100000, 1e21, 1e-7, 1234.5678)"#,
        r#""100000 1e+21 1E-07 1.23e+03""#,
    ),
    (r#"formatlist("%s=%d", ["a", "b"], [1, 2])"#, r#"["a=1", "b=2"]"#),
    (r#"formatlist("x-%s-%s", "k", ["a", "b"])"#, r#"["x-k-a", "x-k-b"]"#),
    (r#"can({a = 1}.b)"#, r#"false"#),
];

/// What only the language of templates has.
const OWN_VALUES: &[(&str, &str)] = &[
    (r#"abspath("x/../y")"#, r#""<cwd>/y""#),
    (r#"abspath("/a/./b")"#, r#""/a/b""#),
    (r#"pathexpand("~/x")"#, r#""/users/ann/x""#),
    (r#"pathexpand("a/~")"#, r#""a/~""#),
    (r#"file("a.txt")"#, r#""text of a""#),
    (r#"file("./d/../a.txt")"#, r#""text of a""#),
    (r#"filebase64("a.txt")"#, r#""dGV4dCBvZiBh""#),
    (r#"fileexists("a.txt")"#, "true"),
    (r#"fileexists("nope")"#, "false"),
    (r#"fileset(".", "*.t*")"#, r#"["a.txt", "t.tpl"]"#),
    (r#"fileset(".", "**/*.txt")"#, r#"["a.txt", "d/b.txt"]"#),
    (r#"fileset("d", "{a,b}.txt")"#, r#"["b.txt"]"#),
    (r#"templatefile("t.tpl", {list = ["x", "y"]})"#, r#""- x\n- y\n""#),
    (r#"timestamp()"#, r#""2026-01-02T03:04:05Z""#),
    (r#"legacy_isotime()"#, r#""2026-01-02T03:04:05Z""#),
    (
        r#"legacy_isotime("2006-01-02 Mon Jan _2 15:04:05 3PM .000 MST -0700")"#,
        r#""2026-01-02 Fri Jan  2 03:04:05 3AM .000 UTC +0000""#,
    ),
    (r#"legacy_isotime("20060102150405.000")"#, r#""20260102030405.000""#),
    (
        r#"legacy_strftime("%Y%m%d-%H%M%S %j %V %u %y")"#,
        r#""20260102-030405 002 01 5 26""#,
    ),
    (r#"rfc3339_parse("2026-01-02T03:04:05+02:00").unix"#, "1767315845"),
    (
        r#"rfc3339_parse("2021-01-01T00:00:00Z")"#,
        r#"{"year": 2021, "year_day": 1, "day": 1, "month": 1, "month_name": "January", "weekday": 5, "weekday_name": "Friday", "hour": 0, "minute": 0, "second": 0, "unix": 1609459200, "iso_year": 2020, "iso_week": 53}"#,
    ),
    (r#"unix_timestamp_parse(1609459200).month_name"#, r#""January""#),
    (
        r#"unix_timestamp_parse(1609459200).rfc3339"#,
        r#""2021-01-01T00:00:00Z""#,
    ),
    (r#"regex_replace("hello world", "(l+)o", "<$1>")"#, r#""he<ll> world""#),
    (r#"convert("5", number)"#, "5"),
    (r#"convert(["a", 1], list(string))"#, r#"["a", "1"]"#),
    (r#"convert({a = 1}, map(string))"#, r#"{"a": "1"}"#),
    (
        r#"format("%v %v %v", [1, "a"], {a = true}, null)"#,
        r#""[1,\"a\"] {\"a\":true} null""#,
    ),
    (r#"try(nope, "fallback")"#, r#""fallback""#),
    (r#"can(nope)"#, "false"),
    (r#"pow(2, 64)"#, "18446744073709551616"),
    (r#"length(uuidv4())"#, "36"),
    (r#"substr(bcrypt("x", 4), 0, 7)"#, r#""$2a$04$""#),
];

#[test]
fn values_are_those_of_the_language() {
    let mut wrong = Vec::new();
    for (text, expected) in VALUES.iter().chain(OWN_VALUES) {
        let expected: Json = serde_json::from_str(expected).expect("JSON");
        match value(text, &[]) {
            Ok(value) if same(&value.to_json(), &expected) => {}
            Ok(value) => wrong.push(format!("{text}\n  is       {}\n  expected {expected}", value.to_json())),
            Err(fault) => wrong.push(format!("{text}\n  {}\n  expected {expected}", fault.message)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nulls of objects are left out by ours; a float has no one spelling.
fn same(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            let null = Json::Null;
            a.keys()
                .chain(b.keys())
                .all(|name| same(a.get(name).unwrap_or(&null), b.get(name).unwrap_or(&null)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn look_ups_outside_are_not_known() {
    for text in [
        r#"vault("secret/x", "k")"#,
        r#"consul_key("k")"#,
        r#"aws_secretsmanager("n", null)"#,
        r#"aws_secretsmanager_raw("n")"#,
    ] {
        assert_eq!(value(text, &[]), Ok(Value::Unknown(Type::String)), "{text}");
    }
}

#[test]
fn what_comes_behind_a_value_need_not_be_known() {
    let unknown = r#"vault("secret/x", "k")"#;
    let of = |text: &str| value(&text.replace("ASKED", unknown), &[]);
    assert_eq!(of(r#"coalesce("given", ASKED)"#), Ok("given".into()));
    assert_eq!(of(r#"coalesce("", null, "given", ASKED)"#), Ok("given".into()));
    assert_eq!(of(r#"coalesce("", ASKED, "other")"#), Ok(Value::Unknown(Type::String)));
    assert_eq!(
        of(r#"coalescelist(["a"], [ASKED])"#).map(|list| list.items().map(<[Value]>::len)),
        Ok(Some(1))
    );
}

#[test]
fn gzip_can_be_unpacked() {
    let packed = value(r#"base64gzip("hello")"#, &[]).expect("text");
    let packed = STANDARD.decode(packed.as_str().expect("text")).expect("base64");
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .expect("gzip");
    assert_eq!(text, "hello");
}

/// Made for this test.
const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIICXQIBAAKBgQCRzI+5ZPWaT0ZiNUrm5/AGFDEP5+yWuWaTOTzz9vS2tHwdeJpp\nVLnl4TWVebirNVtuI73NyWf5B/VL5skoArBs3nazSqPqnRG4RdmRd+apXr6y9qwl\nFulGsOM0ZaAIxWN2kLO/vos1uEeWtaN9JmI4125vRKw4hR6nKtgIeOpUlQIDAQAB\nAoGBAIOzhSCzUihR9AJCoaZzXR4gnzD/D3gXgdD7o1O9gNCJuJPmnZUIM+SzyvN7\nQJVnXW/gWVPK22DZD3vAvXSm+TYBtQ5rEfvK8n+UovKm3E0xYfIhYNXQVKEW+TZV\n336bwlYlAqAb4Z3Wa+WcNkUHTisOTiAZpbJmRhqUrgt17WgBAkEAwfIUpjvMTFWw\nKXVDIv5tgYZdeN9VXCVoifNGWXqGeh8WMRbFX3zyl+KrsodDh2V3PjtwKt2Wz30+\nlWjDLAiMeQJBAMBy1mh8tQXPW+/2IBIk5S4bHvS5MyY9bVLT633MlNt0CiHKETXP\nvgp9A1To4Z91NFRQ9llvpuqGAYOvVttxSf0CQB8Gju8Y2dHMU2YOcDME6Jez2vgf\nIhSfl12aIULnKuQWXQJ1VhW0c0qA5F6m7NKYFL9L2uHAmQOQUZatL6u3omECQQCa\nsPRFYtCDjg1Bkl5vFzcc23IDloZV25RvuqaVJQgWamzmgi1ZStZgSeKOsu8BJM3e\nZIHQnB3Yb8Tx29P+ak7lAkBmm86iDmKsxd1iepA8a7XRJFbyUs8M+LHElZESYyyc\nJ7+r/rDABZFRgLDmRHV0HXBHN1Z89Fmpev7Y+7S597Lx\n-----END RSA PRIVATE KEY-----";
const SEALED: &str = "CSiOGBqZGmqUdaxUmxlzKw6vpn3SzXS0hxfIciqrOEXBz3xO93cToo1mS9wHJrdpsaJP1WW13TPoBZjd3ltt4TsBNA8guWTBEbuhzihhOy8sbe9DS+o8FbfCLQXRJpjZJ07cbz7OfjqWW+k8vAF58Jq+Y7ytdSVB8+Kq2c3/irA=";

#[test]
fn what_was_encrypted_for_a_key_can_be_read_with_it() {
    let names = [("key", Value::from(KEY)), ("sealed", Value::from(SEALED))];
    assert_eq!(value("rsadecrypt(sealed, key)", &names), Ok(Value::from("open sesame")));
    assert!(value("rsadecrypt(\"AAAA\", key)", &names).is_err());
}

#[test]
fn problems_name_function_and_argument() {
    for (text, expected) in [
        (r#"upper()"#, "`upper`: 1 argument(s) are expected, not 0"),
        (r#"join()"#, "`join`: at least 1 argument(s) are expected, not 0"),
        (r#"upper(null)"#, "`upper`, argument 1 (str): it must not be null"),
        (r#"upper(["a"])"#, "`upper`, argument 1 (str): string required"),
        (r#"max("a")"#, "`max`, argument 1 (numbers): a number is required"),
        (
            r#"regex("(", "a")"#,
            "`regex`, argument 1 (pattern): this pattern cannot be read",
        ),
        (
            r#"regex("b", "a")"#,
            "`regex`: the pattern does not match any part of the string",
        ),
        (
            r#"formatdate("X", "2020-01-01T00:00:00Z")"#,
            "`formatdate`, argument 1 (format): \"X\" is no part of a date",
        ),
        (
            r#"formatdate("YYYY", "yesterday")"#,
            "`formatdate`, argument 2 (time): \"yesterday\" is no time",
        ),
        (
            r#"timeadd("2020-01-01T00:00:00Z", "5")"#,
            "`timeadd`, argument 2 (duration): \"5\" has no unit",
        ),
        (
            r#"format("%d", "x")"#,
            "`format`, argument 2 (args): %d: a number is required",
        ),
        (
            r#"format("%s")"#,
            "`format`, argument 1 (format): there is no argument number 1 for %s",
        ),
        (
            r#"format("a", 1)"#,
            "`format`: 1 argument(s) are given, of which 0 are used",
        ),
        (
            r#"element([], 0)"#,
            "`element`, argument 1 (list): the list has no elements",
        ),
        (r#"index(["a"], "b")"#, "`index`: the list has no such element"),
        (
            r#"slice([1], 0, 2)"#,
            "`slice`, argument 3 (end_index): a whole number from 0 to 1 is required",
        ),
        (
            r#"cidrhost("10.0.0.0/30", 9)"#,
            "`cidrhost`, argument 2 (hostnum): the prefix does not have room for host 9",
        ),
        (
            r#"cidrnetmask("fe80::/10")"#,
            "`cidrnetmask`, argument 1 (prefix): IPv6 has no netmasks",
        ),
        (
            r#"base64decode("!")"#,
            "`base64decode`, argument 1 (str): this is not base64",
        ),
        (r#"jsondecode("{")"#, "`jsondecode`, argument 1 (str): this is not JSON"),
        (
            r#"yamldecode("a: [")"#,
            "`yamldecode`, argument 1 (src): this is not YAML",
        ),
        (
            r#"yamldecode("a: [1\nb: 2\n")"#,
            "`yamldecode`, argument 1 (src): this is not YAML: illegal placement of ':' indicator, at line 2 column 2",
        ),
        (
            r#"yamldecode("a: 1\na: 2\n")"#,
            "`yamldecode`, argument 1 (src): the key \"a\" is given twice",
        ),
        (
            r#"yamldecode("a: 1\n---\nb: 2\n")"#,
            "`yamldecode`, argument 1 (src): one document is expected, not several",
        ),
        (
            r#"yamldecode("a: &x [*x]")"#,
            "`yamldecode`, argument 1 (src): this is not YAML: an alias stands within the value that it names, at line 1 column 8",
        ),
        (r#"file("nope")"#, "`file`, argument 1 (path): cannot read"),
        (r#"templatefile("t.tpl", {})"#, "there is no variable `list`"),
        (r#"convert("a", number)"#, "`convert`, argument 1: a number is required"),
        (r#"convert("a", nothing)"#, "\"nothing\" is no type"),
        (r#"try()"#, "`try`: at least one argument is expected, not 0"),
        (r#"upper(["a", "b"]...)"#, "`upper`: 1 argument(s) are expected, not 2"),
        (
            r#"range(0, 10, 0)"#,
            "`range`, argument 3 (params): the step must not be 0",
        ),
        (
            r#"rsadecrypt("?", "y")"#,
            "`rsadecrypt`, argument 1 (ciphertext): text in base64 is required",
        ),
        (
            r#"uuidv5("x", "y")"#,
            "`uuidv5`, argument 1 (namespace): a UUID, or dns, url, oid or x500 is required",
        ),
    ] {
        let told = problem(text);
        assert!(told.starts_with(expected), "{text}\n  {told}\n  {expected}");
    }
}

#[test]
fn every_function_has_its_value_here() {
    let all: Vec<&str> = VALUES.iter().chain(OWN_VALUES).map(|(text, _)| *text).collect();
    let elsewhere = [
        "aws_secretsmanager",
        "aws_secretsmanager_raw",
        "base64gzip",
        "consul_key",
        "rsadecrypt",
        "vault",
    ];
    for name in super::names() {
        let call = format!("{name}(");
        assert!(
            elsewhere.contains(&name) || all.iter().any(|text| text.contains(&call)),
            "{name}"
        );
    }
    // `env` is one more, in defaults.
    assert_eq!(super::names().len(), 103);
}
