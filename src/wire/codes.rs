//! Lists of stable codes: each an enum, its words in kebab case, and one line of documentation that help, manual and schema share.

/// Declares such a list. The words in JSON are the names in kebab case; a list that reads reports of other versions ends with
/// `Unknown`, marked `#[serde(other)]`, so that a code which only they know does not keep the rest from being read.
macro_rules! codes {
    (
        $(#[$about:meta])*
        $vis:vis enum $list:ident { $(#[doc = $meaning:literal] $(#[$more:meta])* $name:ident,)+ }
    ) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        $vis enum $list { $(#[doc = $meaning] $(#[$more])* $name,)+ }

        impl $list {
            /// Every code, in the order in which they are listed for people.
            $vis const ALL: &[Self] = &[$(Self::$name,)+];

            /// Every word with what it means.
            #[must_use]
            $vis fn listed() -> Vec<(String, &'static str)> {
                Self::ALL.iter().map(|code| (code.to_string(), code.meaning())).collect()
            }

            /// What it means: the line of documentation beside the code.
            #[must_use]
            $vis fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning.trim_ascii(),)+ }
            }
        }

        /// The word that stands in JSON.
        impl std::fmt::Display for $list {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                serde::Serialize::serialize(self, f)
            }
        }
    };
}

pub(crate) use codes;

#[cfg(test)]
mod tests {
    codes! {
        /// A list.
        enum Code {
            /// The first.
            OneOfThem,
            /// The second.
            #[serde(rename = "utf-16", alias = "utf 16")]
            Utf16,
            /// Of another version.
            #[serde(other)]
            Unknown,
        }
    }

    #[test]
    fn a_code_is_a_word_and_a_sentence() {
        assert_eq!(
            Code::listed(),
            [("one-of-them", "The first."), ("utf-16", "The second."), ("unknown", "Of another version.")]
                .map(|(word, meaning)| (word.to_owned(), meaning))
        );
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
        }
    }

    #[test]
    fn a_word_of_another_version_is_read() {
        let read = |text: &str| serde_json::from_str::<Code>(text);
        assert_eq!(read("\"one-of-them\"").unwrap(), Code::OneOfThem);
        assert_eq!(read("\"utf 16\"").unwrap(), Code::Utf16);
        assert_eq!(read("\"not-yet-thought-of\"").unwrap(), Code::Unknown);
        assert!(read("7").is_err());
    }

    #[test]
    fn the_schema_lists_the_words() {
        let schema = schemars::schema_for!(Code).to_value().to_string();
        for code in Code::ALL {
            assert!(schema.contains(&format!("\"{code}\"")) && schema.contains(code.meaning()), "{schema}");
        }
    }
}
