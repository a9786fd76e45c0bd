//! What a finding says of its own values: which are user names, which are sentences, which are words of this program.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::wire::escape::escape;

/// Goes over a report twice: it learns the user names, then it masks them in place. A text that nobody shows it is in no masked
/// output: whoever adds a member and forgets it here hides it.
///
/// Addresses need no visit: wherever they stand they are masked when the report is written.
#[derive(Debug, Default)]
pub(crate) struct Visitor {
    users: Vec<String>,
    /// User names, parts and escaped forms of them, the longest first, and what stands for each; once they are all known.
    masks: Option<Vec<(String, String)>>,
    vetted: BTreeSet<String>,
}

impl Visitor {
    /// A user name.
    pub(crate) fn user(&mut self, user: &mut String) {
        if self.masks.is_none() {
            if !user.is_empty() && !self.users.contains(user) {
                self.users.push(user.clone());
            }
            return;
        }
        let masks = self.masks.iter().flatten();
        *user =
            masks.clone().find(|(name, _)| name == user).map_or_else(|| "user-?".to_owned(), |(_, mask)| mask.clone());
        self.vetted.insert(user.clone());
    }

    /// A sentence, the name of a host, or what a server wrote: it may have user names in it.
    pub(crate) fn text(&mut self, text: &mut String) {
        if let Some(masks) = &self.masks {
            *text = inside(text, masks);
            self.vetted.insert(text.clone());
        }
    }

    /// Several of them.
    pub(crate) fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a mut String>) {
        texts.into_iter().for_each(|text| self.text(text));
    }

    /// What this program made up itself: the id of an exchange, its name, a time of day.
    pub(crate) fn word(&mut self, word: &impl Display) {
        if let Some(masks) = &self.masks {
            let word = word.to_string();
            // What a saved report has in its place may be anything.
            if inside(&word, masks) == word {
                self.vetted.insert(word);
            }
        }
    }

    /// Several of them.
    pub(crate) fn words<'a>(&mut self, words: impl IntoIterator<Item = &'a String>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    /// What no masked report has at all.
    pub(crate) fn gone<T>(&mut self, value: &mut Option<T>) {
        if self.masks.is_some() {
            *value = None;
        }
    }

    /// Every user name is known: from now on they are masked.
    pub(crate) fn mask(&mut self) {
        let mut masks: Vec<(String, String)> = Vec::new();
        for (index, user) in self.users.iter().enumerate() {
            let letter = u8::try_from(index).ok().filter(|index| *index < 26).map(|index| char::from(b'A' + index));
            let mask = letter.map_or_else(|| format!("user-{}", index + 1), |letter| format!("user-{letter}"));
            let person = |part: &&str| part.len() > 2 && !part.bytes().all(|byte| byte.is_ascii_digit());
            let parts = user.split(':').filter(person).map(str::to_owned);
            for form in [user.clone(), escape(user)].into_iter().chain(parts) {
                if !masks.iter().any(|(known, _)| *known == form) {
                    masks.push((form, mask.clone()));
                }
            }
        }
        masks.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        self.masks = Some(masks);
    }

    /// Whether the text was shown, and so is masked already.
    pub(super) fn has_vetted(&self, text: &str) -> bool {
        self.vetted.contains(text)
    }
}

/// Masks user names where they stand as words of their own.
fn inside(text: &str, masks: &[(String, String)]) -> String {
    let (mut masked, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
    while let Some(character) = rest.chars().next() {
        let apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
        let found = masks.iter().find(|(name, _)| {
            apart(before) && rest.strip_prefix(name.as_str()).is_some_and(|after| apart(after.chars().next()))
        });
        let length = found.map_or(character.len_utf8(), |(name, _)| name.len());
        match found {
            Some((_, mask)) => masked.push_str(mask),
            None => masked.push(character),
        }
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_masked_and_parts_of_words_are_not() {
        let mut visitor = Visitor::default();
        visitor.user(&mut "1700:alice".to_owned());
        visitor.mask();
        let mut text = "1700:alice, alice's malice".to_owned();
        visitor.text(&mut text);
        assert_eq!(text, "user-A, user-A's malice");
        let (mut known, mut unknown) = ("1700:alice".to_owned(), "bob".to_owned());
        visitor.user(&mut known);
        visitor.user(&mut unknown);
        assert_eq!((known.as_str(), unknown.as_str()), ("user-A", "user-?"));
        visitor.word(&"alice");
        assert!(!visitor.has_vetted("alice") && visitor.has_vetted("user-A, user-A's malice"));
    }
}
