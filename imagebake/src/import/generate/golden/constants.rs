//! Imported from `constants.pkr.hcl`.

use imagebake::prelude::*;

#[image(dir = "../imagebake/src/import/generate/golden")]
async fn constants(data: &Data) -> Result<Image> {
    let numbers = ["2.5 2 -2 -1 3 2 3.5".to_owned(), format!("1024 3 255 {}", 12 + 1)];
    let texts = [
        r#"a-007-1.50-"q"-true-[1]"#,
        "a=1|b=2",
        "Web Server",
        "bña",
        "hé",
        "ab",
        "YQBiAA==",
        "a4abd4448c49562d828115d13a1fccea927f52b4d5459297f8b43e42da89238bc13626e43dcb38ddb082488927ec904fb42057443983e88585179d50551afe62",
        "aad03681-8b63-5304-89e0-8ca8f49461b5",
        "2024-02-01T12:00:00Z",
        "03 Feb 2024 04:05",
        r#"{"day":3,"hour":4,"iso_week":5,"iso_year":2024,"minute":5,"month":2,"month_name":"February","second":6,"unix":1706933106,"weekday":6,"weekday_name":"Saturday","year":2024,"year_day":34}"#,
        r#"{"day":14,"hour":22,"iso_week":46,"iso_year":2023,"minute":13,"month":11,"month_name":"November","rfc3339":"2023-11-14T22:13:20Z","second":20,"weekday":2,"weekday_name":"Tuesday","year":2023,"year_day":318}"#,
        "10.1.0.5",
        "255.255.240.0",
        "10.1.32.0/20",
        r#""a":
- 1
- "x"
"b": null
"#,
        r#"["ab","cd"]"#,
        "true false 1",
    ];
    let lists = [
        "10.0.0.0/12".to_owned(),
        "10.16.0.0/16".to_owned(),
        "c".to_owned(),
        "a".to_owned(),
        "b".to_owned(),
        "a+b".to_owned(),
        "c".to_owned(),
        "1".to_owned(),
        "3".to_owned(),
        "5".to_owned(),
        "b".to_owned(),
        "a".to_owned(),
        "b".to_owned(),
        "ax".to_owned(),
        "bx".to_owned(),
        "b".to_owned(),
        "c".to_owned(),
        "2".to_owned(),
        "two".to_owned(),
        "kv".to_owned(),
    ];
    let moment = format!("{} {}", data.time().format("%Y-%m-%d"), data.time().format("%Y-%m-%d"));

    let a = Null::none();

    let shell_local = ShellLocal::inline(numbers);
    let shell_local_2 = ShellLocal::inline(texts);
    let shell_local_3 = ShellLocal::inline(lists.iter().map(|item| format!("<{item}>")).collect::<Vec<_>>());
    let shell_local_4 = ShellLocal::inline([moment, format!("echo {UUID}")]);
    let shell_local_5 = ShellLocal::scripts(data.files(".", "files/b*").await?);

    Ok(Image::new()
        .source(a.named("a"))
        .provision(shell_local)
        .provision(shell_local_2)
        .provision(shell_local_3)
        .provision(shell_local_4)
        .provision(shell_local_5))
}
