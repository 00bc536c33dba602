//! Expressions of templates at random, each with a value that all evaluators agree on: for tests that compare them.

/// A generator; what it found must be found again with the same seed.
pub struct Expressions(u64);

/// Pieces of text, as they are written between quotes. None makes `{{` of two.
const PIECES: [&str; 22] = [
    "a", "Zz", " ", "é", "e\u{301}", "日本", "😀", "\\\"", "\\\\", "\\n", "\\t", "'", "`", "$$", "x{y", "x}y", "$${a}",
    "%%{b}", "#{c", "\\u00e9", "%", "0",
];

/// The variables that expressions use, declared.
pub const VARIABLES: &str = r#"
variable "s" {
  type    = string
  default = "va\"r $${x} 日"
}

variable "n" {
  type    = number
  default = 12
}

variable "f" {
  type    = number
  default = 2.5
}

variable "b" {
  type    = bool
  default = true
}

variable "l" {
  type    = list(string)
  default = ["one", "Two", "three 3"]
}

variable "m" {
  type = map(string)
  default = {
    key   = "value"
    other = "x y"
  }
}
"#;

impl Expressions {
    /// Those of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % limit.max(1) as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// One that is text.
    pub fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(4) {
                0 => "var.s".to_owned(),
                1 => format!("var.l[{}]", self.below(3)),
                2 => self.pick(&["var.m.key", "var.m[\"other\"]"]).to_owned(),
                _ => self.quoted(0),
            };
        }
        let deeper = depth - 1;
        match self.below(13) {
            0..=3 => self.quoted(deeper),
            4 => format!(
                "{}({})",
                self.pick(&["upper", "lower", "trimspace", "strrev", "title"]),
                self.text(deeper)
            ),
            5 => format!("join({}, {})", self.quoted(0), self.list(deeper)),
            6 => format!("replace({}, \"a\", {})", self.text(deeper), self.text(0)),
            7 => format!("{} ? {} : {}", self.truth(deeper), self.text(deeper), self.text(deeper)),
            8 => format!(
                "format(\"%s-%d|%05.1f|%q\", {}, {}, {}, {})",
                self.text(deeper),
                self.whole(0),
                self.number(0),
                self.text(0)
            ),
            9 => format!("({})", self.text(deeper)),
            10 => format!("\"${{{}}}\"", self.number(deeper)),
            11 => format!(
                "lookup(var.m, {}, {})",
                self.pick(&["\"key\"", "\"none\""]),
                self.text(deeper)
            ),
            _ => format!("element({}, {})", self.list(deeper), self.below(5)),
        }
    }

    /// Text between quotes, with expressions in it.
    fn quoted(&mut self, depth: usize) -> String {
        let mut out = String::from("\"");
        for _ in 0..self.below(5) {
            match (depth, self.below(6)) {
                (1.., 0) => out.push_str(&format!("${{{}}}", self.text(depth - 1))),
                (1.., 1) => out.push_str(&format!("${{{}}}", self.number(depth - 1))),
                (1.., 2) => out.push_str(&format!(
                    "%{{ if {} }}{}%{{ else }}-%{{ endif }}",
                    self.truth(depth - 1),
                    self.pick(&PIECES[..7])
                )),
                _ => {
                    let piece = self.pick(&PIECES);
                    // A `$` before a brace that follows would be an escape.
                    out.push_str(piece);
                    if piece.ends_with(['$', '%']) {
                        out.push('_');
                    }
                }
            }
        }
        out.push('"');
        out
    }

    /// One that is a whole number.
    fn whole(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(3) {
                0 => "var.n".to_owned(),
                _ => self.below(100).to_string(),
            };
        }
        let deeper = depth - 1;
        match self.below(7) {
            0 => format!("{} + {}", self.whole(deeper), self.whole(deeper)),
            1 => format!("{} * {}", self.whole(deeper), self.whole(deeper)),
            2 => format!("{} - {}", self.whole(deeper), self.whole(deeper)),
            3 => format!(
                "({} - {}) % {}",
                self.whole(deeper),
                self.whole(deeper),
                1 + self.below(9)
            ),
            4 => format!("length({})", self.list(deeper)),
            5 => format!("-{}", self.whole(0)),
            _ => format!("max({}, {})", self.whole(deeper), self.whole(deeper)),
        }
    }

    /// One that is a number.
    fn number(&mut self, depth: usize) -> String {
        match self.below(6) {
            0 => self
                .pick(&["0.5", "1.50", "1e3", "25e-1", "100", "0.125", "var.f"])
                .to_owned(),
            1 if depth > 0 => format!("({}) / {}", self.whole(depth - 1), self.pick(&["2", "4", "8"])),
            2 if depth > 0 => format!("floor({})", self.number(depth - 1)),
            _ => self.whole(depth),
        }
    }

    /// One that is true or false.
    fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["var.b", "true", "false", "!var.b"]).to_owned();
        }
        let deeper = depth - 1;
        match self.below(6) {
            0 => format!("{} && {}", self.truth(deeper), self.truth(deeper)),
            1 => format!("({} || {})", self.truth(deeper), self.truth(deeper)),
            2 => format!(
                "{} {} {}",
                self.number(deeper),
                self.pick(&["<", "<=", ">", ">="]),
                self.number(deeper)
            ),
            3 => format!(
                "({}) {} ({})",
                self.text(deeper),
                self.pick(&["==", "!="]),
                self.text(deeper)
            ),
            4 => format!("contains({}, {})", self.list(deeper), self.text(deeper)),
            _ => format!("!({})", self.truth(deeper)),
        }
    }

    /// One that is a list of texts, and not empty.
    pub fn list(&mut self, depth: usize) -> String {
        if depth == 0 {
            return "var.l".to_owned();
        }
        let deeper = depth - 1;
        match self.below(7) {
            0 => format!("[{}, {}]", self.text(deeper), self.text(deeper)),
            1 => format!(
                "[for x in {} : \"${{x}}{}\"]",
                self.list(deeper),
                self.pick(&PIECES[..7])
            ),
            2 => format!("concat({}, {})", self.list(deeper), self.list(deeper)),
            3 => format!("sort({})", self.list(deeper)),
            4 => "[for k, v in var.m : \"${k}=${v}\"]".to_owned(),
            5 => format!("reverse({})", self.list(deeper)),
            _ => "keys(var.m)".to_owned(),
        }
    }

    /// A here-document, with indentation that is taken away and with some that is not.
    pub fn heredoc(&mut self) -> String {
        let mark = self.pick(&["<<EOT", "<<-EOT"]);
        let mut out = format!("{mark}\n");
        for _ in 0..self.below(5) {
            let indent = " ".repeat(self.below(7));
            let line = match self.below(4) {
                0 => format!("${{{}}}", self.text(0)),
                1 => "a \"quoted\" \\n word".to_owned(),
                2 => String::new(),
                _ => format!("{} x", self.pick(&PIECES[..7])),
            };
            out.push_str(&format!("{indent}{line}\n"));
        }
        out.push_str("  EOT\n");
        out
    }
}
