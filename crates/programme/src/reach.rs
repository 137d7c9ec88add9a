//! Whether what a rule finds stands in somebody's list. One that reaches nobody's is as good as none: it flags at a door, and
//! whoever would have to act is not told.
//!
//! Asked when a pack is written and published, not when it is read: what was published stays readable.

use crate::finding::{Finding, Findings, say};
use crate::pack::Programme;

/// The rules whose flag becomes no case: no pathway asks for one, or the one that does is about somebody else.
#[must_use]
pub fn unreached(programme: &Programme) -> Vec<Finding> {
    let mut findings = Findings::default();
    for rule in &programme.rules {
        let id = &rule.id.value;
        let mut asking = programme.pathways.iter().filter(|pathway| pathway.asked_by.contains(id)).peekable();
        if asking.peek().is_none() {
            findings.add(
                &rule.id.place,
                "reaches_nobody",
                say(
                    format!("{id} 提示了也不会出现在任何人的清单里：请写 climbs_to，或在流程的 asked_by 里写上它"),
                    format!(
                        "what {id} finds would stand in nobody's list: say climbs_to here, or name it in a pathway's asked_by"
                    ),
                ),
            );
        } else if !asking.any(|pathway| pathway.subject.is_kept_as(rule.subject)) {
            let subject = rule.subject.name();
            findings.add(
                &rule.id.place,
                "other_subject",
                say(
                    format!("{id} 说的是 {subject}，用 asked_by 提到它的流程办的却是别的对象：不会有个案"),
                    format!("{id} is about a {subject}, and the pathways that name it in asked_by are not: no case comes of it"),
                ),
            );
        }
    }
    findings.into_sorted()
}
