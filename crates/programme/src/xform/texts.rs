//! What a form says in each language, and the pictures, sounds and films that go with it.

use std::io;

use quick_xml::events::{BytesText, Event};

use super::{Form, Node, Output, base};
use crate::sheet::{Row, Sheet};

/// Where pictures, sounds and films stand in the columns, by the `form` of a text, with what comes before their names.
pub(super) const SHOWN: [(&str, &str); 4] = [
    ("image", "jr://images/"),
    ("big-image", "jr://images/"),
    ("audio", "jr://audio/"),
    ("video", "jr://video/"),
];

/// What a row says in a column.
pub(super) enum Told<'s> {
    Nothing,
    /// Without a language.
    Plain(&'s str),
    /// By the names of the languages.
    Each(Vec<(&'s str, &'s str)>),
}

impl<'s> Told<'s> {
    /// What stands in a column and in those of it that name a language. Beside these, what names none is of the default one.
    pub fn of(sheet: &'s Sheet, row: &'s Row, column: &str, default: &'s str) -> Self {
        let mut each: Vec<(&str, &str)> = Vec::new();
        let mut plain = None;
        for (index, found) in
            sheet.columns.iter().enumerate().filter(|(_, found)| base(&found.value) == column)
        {
            let Some(cell) = row.get(index) else { continue };
            match found.value.split_once("::") {
                Some((_, language)) => each.push((language, cell.value.as_str())),
                None => plain = Some(cell.value.as_str()),
            }
        }
        match plain {
            Some(text) if each.is_empty() => Self::Plain(text),
            Some(text) if !each.iter().any(|(language, _)| *language == default) => {
                each.push((default, text));
                Self::Each(each)
            }
            _ if each.is_empty() => Self::Nothing,
            _ => Self::Each(each),
        }
    }

    pub fn is_something(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn each(self, default: &'s str) -> Vec<(&'s str, &'s str)> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Plain(text) => vec![(default, text)],
            Self::Each(each) => each,
        }
    }
}

/// One of the values of a text: in each language that has it.
pub(super) struct Said<'s> {
    form: Option<&'static str>,
    before: &'static str,
    each: Vec<(&'s str, &'s str)>,
}

impl<'s> Said<'s> {
    fn new(told: Told<'s>, form: Option<&'static str>, default: &'s str) -> Option<Self> {
        told.is_something().then(|| Self { form, before: "", each: told.each(default) })
    }
}

/// A text that stands among the translations.
pub(super) struct Text<'s> {
    pub id: String,
    pub said: Vec<Said<'s>>,
}

impl<'s> Form<'s> {
    pub(super) fn told(&self, node: &Node<'s>, column: &str) -> Told<'s> {
        Told::of(self.survey, node.row, column, self.default)
    }

    fn shown(&self, sheet: &'s Sheet, row: &'s Row) -> Vec<Said<'s>> {
        let said = |(form, before): (&'static str, &'static str)| {
            let told = Told::of(sheet, row, form, self.default);
            let said = Said::new(told, Some(form), self.default)?;
            Some(Said { before, ..said })
        };
        SHOWN.into_iter().filter_map(said).collect()
    }

    /// Whether a question or a group shows a picture or plays something.
    pub(super) fn shows(&self, node: &Node<'s>) -> bool {
        !self.shown(self.survey, node.row).is_empty()
    }

    /// Whether the label is among the translations and not in its place.
    pub(super) fn is_label_translated(&self, node: &Node<'s>) -> bool {
        matches!(self.told(node, "label"), Told::Each(_)) || self.shows(node)
    }

    pub(super) fn is_hint_translated(&self, node: &Node<'s>) -> bool {
        matches!(self.told(node, "hint"), Told::Each(_)) || self.told(node, "guidance_hint").is_something()
    }

    pub(super) fn is_message_translated(&self, node: &Node<'s>, column: &str) -> bool {
        match self.told(node, column) {
            Told::Nothing => false,
            Told::Plain(text) => text.contains("${"),
            Told::Each(_) => true,
        }
    }

    /// Whether what a list's choices are called is among the translations.
    pub(super) fn is_list_translated(&self, sheet: &'s Sheet, rows: &[&'s Row]) -> bool {
        rows.iter().any(|row| match Told::of(sheet, row, "label", self.default) {
            Told::Each(_) => true,
            Told::Plain(text) if text.contains("${") => true,
            _ => !self.shown(sheet, row).is_empty(),
        })
    }

    pub(super) fn texts_of_choices(&self) -> Vec<Text<'s>> {
        let Some(sheet) = self.choices else { return Vec::new() };
        let mut texts = Vec::new();
        for (list, rows) in self.lists() {
            if !self.is_list_translated(sheet, &rows) {
                continue;
            }
            for (number, row) in rows.iter().enumerate() {
                let label = Said::new(Told::of(sheet, row, "label", self.default), None, self.default);
                let said = label.into_iter().chain(self.shown(sheet, row)).collect();
                texts.push(Text { id: format!("{list}-{number}"), said });
            }
        }
        texts
    }

    pub(super) fn texts_of(&self, node: &Node<'s>) -> Vec<Text<'s>> {
        let mut texts = Vec::new();
        for (column, id) in
            [("constraint_message", "jr:constraintMsg"), ("required_message", "jr:requiredMsg")]
        {
            if self.is_message_translated(node, column) {
                let said = Said::new(self.told(node, column), None, self.default);
                texts.push(Text { id: format!("{}:{id}", node.path), said: said.into_iter().collect() });
            }
        }
        if self.is_label_translated(node) {
            let label = Said::new(self.told(node, "label"), None, self.default);
            let said = label.into_iter().chain(self.shown(self.survey, node.row)).collect();
            texts.push(Text { id: format!("{}:label", node.path), said });
        }
        if self.is_hint_translated(node) {
            // A hint and the longer guidance, which is shown on demand or in print, are two forms of one text.
            let said = [("hint", None), ("guidance_hint", Some("guidance"))]
                .into_iter()
                .filter_map(|(column, form)| Said::new(self.told(node, column), form, self.default))
                .collect();
            texts.push(Text { id: format!("{}:hint", node.path), said });
        }
        texts
    }

    /// The languages of all texts: in the order of the columns, and then the one of texts that name none.
    pub(super) fn find_languages(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut note = |language: &str| {
            if !found.iter().any(|known| known == language) {
                found.push(language.to_owned());
            }
        };
        for sheet in std::iter::once(self.survey).chain(self.choices) {
            for (index, column) in sheet.columns.iter().enumerate() {
                let Some((name, language)) = column.value.split_once("::") else { continue };
                let is_text =
                    super::TRANSLATED.contains(&name) || SHOWN.iter().any(|(form, _)| *form == name);
                if is_text && sheet.rows.iter().any(|row| row.get(index).is_some()) {
                    note(language);
                }
            }
        }
        let mut texts = self.texts_of_choices();
        self.every_node(&self.nodes, &mut |node| texts.extend(self.texts_of(node)));
        for said in texts.iter().flat_map(|text| &text.said) {
            said.each.iter().for_each(|(language, _)| note(language));
        }
        if found.is_empty() && self.asking.is_some() {
            found.push(self.default.to_owned());
        }
        found
    }

    pub(super) fn write_texts(&self, writer: &mut Output) -> io::Result<()> {
        if self.languages.is_empty() {
            return Ok(());
        }
        writer.create_element("itext").write_inner_content(|writer| {
            for language in &self.languages {
                let mut translation =
                    writer.create_element("translation").with_attribute(("lang", language.as_str()));
                if language == self.default {
                    translation = translation.with_attribute(("default", "true()"));
                }
                translation.write_inner_content(|writer| {
                    for text in self.texts_of_choices() {
                        self.write_text(&text, language, None, writer)?;
                    }
                    self.write_about_texts(language, writer)?;
                    self.write_texts_of(&self.nodes, language, writer)
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn write_texts_of(&self, nodes: &[Node<'s>], language: &str, writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            for text in self.texts_of(node) {
                self.write_text(&text, language, Some(node), writer)?;
            }
            self.write_texts_of(&node.children, language, writer)?;
        }
        Ok(())
    }

    /// What a language lacks is a dash, and a picture that it lacks is not there.
    fn write_text(
        &self,
        text: &Text<'s>,
        language: &str,
        node: Option<&Node<'s>>,
        writer: &mut Output,
    ) -> io::Result<()> {
        writer.create_element("text").with_attribute(("id", text.id.as_str())).write_inner_content(
            |writer| {
                for said in &text.said {
                    let own = said.each.iter().find(|(known, _)| *known == language).map(|(_, text)| *text);
                    if own.is_none() && !said.before.is_empty() {
                        continue;
                    }
                    writer
                        .create_element("value")
                        .with_attributes(said.form.map(|form| ("form", form)))
                        .write_inner_content(|writer| {
                            if !said.before.is_empty() {
                                writer.write_event(Event::Text(BytesText::new(said.before)))?;
                            }
                            self.write_mixed(own.unwrap_or("-"), node, writer)
                        })?;
                }
                Ok(())
            },
        )?;
        Ok(())
    }

    /// A text in which every `${name}` shows the answer.
    pub(super) fn write_mixed(
        &self,
        text: &str,
        node: Option<&Node<'s>>,
        writer: &mut Output,
    ) -> io::Result<()> {
        let mut parts = text.split("${");
        writer.write_event(Event::Text(BytesText::new(parts.next().unwrap_or_default())))?;
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let name = name.trim();
            let path = match node {
                Some(node) => self.reference(name, node, ""),
                None => self.paths.get(name).map_or_else(|| name.to_owned(), |(path, _)| path.clone()),
            };
            let path = format!(" {path} ");
            writer.create_element("output").with_attribute(("value", path.as_str())).write_empty()?;
            writer.write_event(Event::Text(BytesText::new(rest)))?;
        }
        Ok(())
    }

    /// A question's or a group's label and hint, in their places or by where they stand among the translations.
    pub(super) fn write_label(
        &self,
        node: &Node<'s>,
        is_repeat: bool,
        writer: &mut Output,
    ) -> io::Result<()> {
        let is_group = matches!(node.what, super::What::Block(_));
        let label = self.told(node, "label");
        let has_hint = !is_group && (self.told(node, "hint").is_something() || self.is_hint_translated(node));
        let has_label = label.is_something() || self.shows(node) && (is_repeat || !is_group);
        if has_label && self.is_label_translated(node) {
            self.write_reference("label", node, writer)?;
        } else if let Told::Plain(text) = label {
            writer
                .create_element("label")
                .write_inner_content(|writer| self.write_mixed(text, Some(node), writer))?;
        } else if has_hint || is_repeat || super::is_heading(&node.name) {
            writer.create_element("label").write_empty()?;
        }
        if has_hint && self.is_hint_translated(node) {
            self.write_reference("hint", node, writer)?;
        } else if has_hint && let Told::Plain(text) = self.told(node, "hint") {
            writer
                .create_element("hint")
                .write_inner_content(|writer| self.write_mixed(text, Some(node), writer))?;
        }
        Ok(())
    }

    fn write_reference(&self, name: &str, node: &Node<'s>, writer: &mut Output) -> io::Result<()> {
        let reference = format!("jr:itext('{}:{name}')", node.path);
        writer.create_element(name).with_attribute(("ref", reference.as_str())).write_empty()?;
        Ok(())
    }
}
