//! Text in XML.

/// Writes text so that a parser reads the same. What XML 1.0 cannot carry at all is left out; a carriage
/// return is written as a reference, for parsers turn a bare one into a newline.
pub fn escape(out: &mut String, text: &str) {
    let mut written = 0;
    for (at, character) in text.char_indices() {
        let instead = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\r' => "&#xD;",
            '\t' | '\n' => continue,
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => "",
            _ => continue,
        };
        out.push_str(&text[written..at]);
        out.push_str(instead);
        written = at + character.len_utf8();
    }
    out.push_str(&text[written..]);
}
