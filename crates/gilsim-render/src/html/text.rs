//! Texts in a document: nothing that a name says becomes markup.

use serde_json::Value;

use crate::chart::{clean, xml_escape};

/// A text as it stands between tags, or in the quotes of an attribute.
pub(super) fn escape(text: &str) -> String {
    xml_escape(&clean(text)).replace('\'', "&#39;")
}

/// JSON as it stands in a script element, which ends at `</script` and is read otherwise after `<!--`, even in the
/// quotes of a string.
pub(super) fn data(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("<b a='1' c=\"2\">&"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;");
    }

    #[test]
    fn no_text_ends_the_element_that_it_is_in() {
        let text = "</script><!--<script>";
        let json = data(&serde_json::json!({ text: [text] }));
        assert!(!json.contains('<'));
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read[text][0], text);
    }
}
