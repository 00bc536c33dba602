//! Keys, and how their names are written.

use std::fmt;

/// A key that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The key that gives a character, with Shift where the keyboard needs it.
    Char(char),
    /// A key that gives none.
    Named(NamedKey),
}

/// A key with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a key is what its name says")]
pub enum NamedKey {
    Backspace,
    Delete,
    Enter,
    Escape,
    Tab,
    /// `F(1)` to `F(12)`.
    F(u8),
    Up,
    Down,
    Left,
    Right,
    Insert,
    Home,
    End,
    PageUp,
    PageDown,
    Menu,
    LeftAlt,
    RightAlt,
    LeftCtrl,
    RightCtrl,
    LeftShift,
    RightShift,
    LeftSuper,
    RightSuper,
}

/// The names of keys as they stand between `<` and `>`; upper and lower case are the same.
const NAMES: &[(&str, Key)] = {
    use NamedKey::*;
    &[
        ("bs", Key::Named(Backspace)),
        ("del", Key::Named(Delete)),
        ("enter", Key::Named(Enter)),
        ("return", Key::Named(Enter)),
        ("esc", Key::Named(Escape)),
        ("tab", Key::Named(Tab)),
        ("spacebar", Key::Char(' ')),
        ("f1", Key::Named(F(1))),
        ("f2", Key::Named(F(2))),
        ("f3", Key::Named(F(3))),
        ("f4", Key::Named(F(4))),
        ("f5", Key::Named(F(5))),
        ("f6", Key::Named(F(6))),
        ("f7", Key::Named(F(7))),
        ("f8", Key::Named(F(8))),
        ("f9", Key::Named(F(9))),
        ("f10", Key::Named(F(10))),
        ("f11", Key::Named(F(11))),
        ("f12", Key::Named(F(12))),
        ("up", Key::Named(Up)),
        ("down", Key::Named(Down)),
        ("left", Key::Named(Left)),
        ("right", Key::Named(Right)),
        ("insert", Key::Named(Insert)),
        ("home", Key::Named(Home)),
        ("end", Key::Named(End)),
        ("pageUp", Key::Named(PageUp)),
        ("pageDown", Key::Named(PageDown)),
        ("menu", Key::Named(Menu)),
        ("leftAlt", Key::Named(LeftAlt)),
        ("rightAlt", Key::Named(RightAlt)),
        ("leftCtrl", Key::Named(LeftCtrl)),
        ("rightCtrl", Key::Named(RightCtrl)),
        ("leftShift", Key::Named(LeftShift)),
        ("rightShift", Key::Named(RightShift)),
        ("leftSuper", Key::Named(LeftSuper)),
        ("rightSuper", Key::Named(RightSuper)),
        ("leftCommand", Key::Named(LeftSuper)),
        ("rightCommand", Key::Named(RightSuper)),
        ("leftOption", Key::Named(LeftAlt)),
        ("rightOption", Key::Named(RightAlt)),
    ]
};

impl Key {
    /// The key called `name`, in any case.
    pub fn named(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, key)| *key)
    }

    /// The names of keys.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The X11 keysym, which VNC sends; Latin-1 characters are their own, others are their code point with a mark.
    pub fn keysym(self) -> u32 {
        use NamedKey::*;
        match self {
            Self::Char(character) => match u32::from(character) {
                code @ 0..=0xff => code,
                code => 0x0100_0000 | code,
            },
            Self::Named(named) => match named {
                Backspace => 0xff08,
                Tab => 0xff09,
                Enter => 0xff0d,
                Escape => 0xff1b,
                Home => 0xff50,
                Left => 0xff51,
                Up => 0xff52,
                Right => 0xff53,
                Down => 0xff54,
                PageUp => 0xff55,
                PageDown => 0xff56,
                End => 0xff57,
                Insert => 0xff63,
                Menu => 0xff67,
                F(number) => 0xffbd + u32::from(number),
                LeftShift => 0xffe1,
                RightShift => 0xffe2,
                LeftCtrl => 0xffe3,
                RightCtrl => 0xffe4,
                LeftAlt => 0xffe9,
                RightAlt => 0xffea,
                LeftSuper => 0xffeb,
                RightSuper => 0xffec,
                Delete => 0xffff,
            },
        }
    }

    /// The key that has to be pressed, without Shift, and whether Shift is held meanwhile: on a keyboard of the United States, which is
    /// what firmware takes every keyboard for. Characters that it has not are left as they are.
    pub fn position(self) -> (Self, bool) {
        const UNSHIFTED: &str = "`1234567890-=[]\\;',./";
        const SHIFTED: &str = "~!@#$%^&*()_+{}|:\"<>?";
        let Self::Char(character) = self else {
            return (self, false);
        };
        if let Some(base) = SHIFTED
            .chars()
            .zip(UNSHIFTED.chars())
            .find(|(shifted, _)| *shifted == character)
        {
            return (Self::Char(base.1), true);
        }
        match character.is_uppercase() {
            true => (Self::Char(character.to_lowercase().next().unwrap_or(character)), true),
            false => (self, false),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("<spacebar>"),
            Self::Char(character) => write!(f, "{character}"),
            named => match NAMES.iter().find(|(_, key)| key == named) {
                Some((name, _)) => write!(f, "<{name}>"),
                None => write!(f, "{named:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_written_back() {
        for (name, key) in NAMES {
            assert_eq!(Key::named(&name.to_uppercase()), Some(*key));
            assert_eq!(Key::named(key.to_string().trim_matches(['<', '>'])), Some(*key));
        }
        assert_eq!(Key::named("f13"), None);
    }

    #[test]
    fn shifted_characters_have_the_key_below_them() {
        for (typed, below) in [
            ('A', 'a'),
            ('~', '`'),
            ('_', '-'),
            ('?', '/'),
            ('"', '\''),
            ('|', '\\'),
            (')', '0'),
        ] {
            assert_eq!(Key::Char(typed).position(), (Key::Char(below), true), "{typed}");
        }
        for plain in "az09-=[]\\;',./` ".chars() {
            assert_eq!(Key::Char(plain).position(), (Key::Char(plain), false), "{plain}");
        }
    }

    #[test]
    fn keysyms_are_those_of_x11() {
        assert_eq!(Key::Named(NamedKey::F(12)).keysym(), 0xffc9);
        assert_eq!(Key::Char('a').keysym(), 0x61);
        assert_eq!(Key::Char('ä').keysym(), 0xe4);
        assert_eq!(Key::Char('€').keysym(), 0x0100_20ac);
    }
}
