use imagebake::prelude::*;

#[derive(Clone, Config)]
#[config(constructors(new(adress)))]
struct Machine {
    /// Where it is.
    #[field(private, template = "address")]
    address: Text,
    at: Places,
}

fn main() {}
