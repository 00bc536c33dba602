//! Where in a text a byte stands: its line and its column.

/// A text with the beginnings of its lines.
pub(crate) struct TextLines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// Columns need no counting then; a generated file may be one line of megabytes.
    ascii: bool,
}

impl<'a> TextLines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            starts: std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1))
                .collect(),
            ascii: text.is_ascii(),
        }
    }

    /// The line and the column, in characters, of the byte at `offset`; both from 1. What is behind the text counts as its end.
    pub(crate) fn place(&self, offset: usize) -> (u32, u32) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let before = match self.ascii {
            true => offset - start,
            false => self.text[start..offset].chars().count(),
        };
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(before + 1))
    }

    /// The byte at a line and a column of bytes, both from 1.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        self.text.floor_char_boundary(start + column.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_lines_end_behind_their_break() {
        let text = "a\nüb\n\nc";
        let lines = TextLines::new(text);
        let places: Vec<_> = [0, 1, 2, 4, 5, 6, 7, 8, 99].map(|offset| lines.place(offset)).into();
        assert_eq!(
            places,
            [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1), (4, 1), (4, 2), (4, 2)]
        );
        assert_eq!(lines.place(3), (2, 1), "within a character is at it");
        assert_eq!(TextLines::new("").place(0), (1, 1));
        for (offset, (line, column)) in [(0, (1, 1)), (7, (4, 1))] {
            assert_eq!(lines.offset(line, column), offset);
        }
    }
}
