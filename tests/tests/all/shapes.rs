//! What the importer may write, it writes as it compiles, and each call sets what its row says.

#[test]
fn every_setter_sets_its_row() {
    let mut wrong = Vec::new();
    for (what, fields, rows) in super::calls::ALL.iter().flat_map(|all| all()) {
        let set: Vec<&str> = fields
            .iter()
            .filter(|field| field.is_set())
            .map(|field| field.meta.name)
            .collect();
        for row in rows {
            if !set.contains(row) {
                wrong.push(format!("{what} does not set `{row}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
