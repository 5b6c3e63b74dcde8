//! The dates a program keeps.

/// Days a program gives people: 1 to 365 for the first three, 0 (never) to 365 for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// After so many days without an answer a proposal is recalled to mind.
    pub proposal_reminder_days: u16,
    /// After so many days an unanswered proposal closes.
    pub proposal_expires_days: u16,
    /// After so many days without a word between the two, both are reminded.
    pub first_contact_days: u16,
    /// After so many days without a sign of life both are asked; a pair's own cadence may make it later.
    pub stalled_days: u16,
    /// After so many days people are first asked how it goes,
    pub first_check_in_days: u16,
    /// and again every so many days.
    pub check_in_days: u16,
    /// A topic to talk about comes every so many days.
    pub topic_days: u16,
}

impl Default for Timings {
    /// The usual ones of the field.
    fn default() -> Self {
        Self {
            proposal_reminder_days: 7,
            proposal_expires_days: 14,
            first_contact_days: 7,
            stalled_days: 21,
            first_check_in_days: 30,
            check_in_days: 60,
            topic_days: 14,
        }
    }
}

impl Timings {
    /// Refuses what is out of range, field by field.
    pub(super) fn check(&self, refuse: &mut impl FnMut(String, &str)) {
        let Timings { proposal_reminder_days, proposal_expires_days, first_contact_days, .. } = *self;
        for (field, days) in [
            ("proposalReminderDays", proposal_reminder_days),
            ("proposalExpiresDays", proposal_expires_days),
            ("firstContactDays", first_contact_days),
        ] {
            if !(1..=365).contains(&days) {
                refuse(field.to_owned(), "use 1 to 365 days");
            }
        }
        let Timings { stalled_days, first_check_in_days, check_in_days, topic_days, .. } = *self;
        for (field, days) in [
            ("stalledDays", stalled_days),
            ("firstCheckInDays", first_check_in_days),
            ("checkInDays", check_in_days),
            ("topicDays", topic_days),
        ] {
            if days > 365 {
                refuse(field.to_owned(), "use 1 to 365 days, or 0 for never");
            }
        }
        if proposal_reminder_days >= proposal_expires_days {
            refuse("proposalReminderDays".to_owned(), "remind before the proposal expires");
        }
    }
}
