//! The closed lists of words, as the schema spells and describes them.

use async_graphql::Enum;

/// Declares a GraphQL enum that mirrors one of the domain's, so that a new word there does not compile here.
macro_rules! word {
    ($(#[$meta:meta])* $name:ident = $remote:literal { $($(#[$variant_meta:meta])* $variant:ident,)+ }) => {
        $(#[$meta])*
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        #[graphql(remote = $remote)]
        pub(super) enum $name {
            $($(#[$variant_meta])* $variant,)+
        }
    };
}
pub(super) use word;

word! {
    /// Who is matched with whom.
    ProgramKind = "shared::domain::programs::Kind" {
        /// Any two people: both give and both take.
        Peer,
        /// Mentors with mentees.
        Mentoring,
    }
}

word! {
    /// Who agrees before two people are introduced.
    Consent = "shared::domain::programs::Consent" {
        /// The night introduces them at once.
        IntroduceAtOnce,
        /// Both are asked and both must accept.
        BothAccept,
        /// A coordinator publishes the run; then they are introduced.
        CoordinatorApproves,
    }
}

word! {
    /// What matching aims at first.
    Objective = "shared::domain::programs::Objective" {
        /// As many people as possible, by priority; then the highest total score.
        Participation,
        /// The highest total score, even if more people stay unmatched.
        Score,
    }
}

word! {
    /// Who decides on applicants.
    Admission = "shared::domain::programs::Admission" {
        /// Everybody is accepted; a country cap still applies when the round closes.
        Automatic,
        /// Staff accept or decline each applicant.
        Review,
    }
}

word! {
    /// What an answer looks like.
    QuestionKind = "shared::domain::programs::QuestionKind" {
        /// One of the options.
        Single,
        /// Any of the options.
        Multiple,
        /// Words of the person's own choosing, compared in lower case.
        Tags,
        /// Free text, never compared.
        Text,
    }
}

word! {
    /// How somebody who signs in for the first time is found among the people.
    LinkBy = "shared::domain::issuers::LinkBy" {
        /// By their mail address.
        Email,
        /// By the institution's own id, `Person.externalId`.
        ExternalId,
    }
}

word! {
    /// Which side a question is about.
    Asks = "shared::domain::programs::Asks" {
        /// About oneself; answered in `about`.
        AboutMe,
        /// About the partner one wishes for; answered in `wanted`.
        Wanted,
        /// Both: what one offers and what one looks for.
        Both,
    }
}

word! {
    /// What a criterion looks at.
    Subject = "shared::domain::programs::Subject" {
        /// The country people live in.
        Country,
        /// The languages they speak.
        Languages,
        /// How far their clocks are apart.
        TimeZone,
        /// A question of the program.
        Question,
    }
}

word! {
    /// How a criterion compares two people.
    Comparison = "shared::domain::programs::Comparison" {
        /// Equal. For COUNTRY and questions.
        Same,
        /// Different. For COUNTRY and questions.
        Different,
        /// At least one value in common; the more the better. For LANGUAGES and questions.
        Overlap,
        /// One offers what the other wants. For questions that ask BOTH.
        Offers,
        /// At most so many hours apart. For `TIME_ZONE`.
        Within,
    }
}

word! {
    /// How much a criterion counts.
    Strength = "shared::domain::programs::Strength" {
        /// Without it there is no match.
        Must,
        /// It earns points.
        Prefer,
    }
}

word! {
    /// The states of a round.
    RoundStatus = "shared::domain::rounds::RoundStatus" {
        /// Being prepared; only staff see it.
        Draft,
        /// People enroll.
        Open,
        /// Enrollment is over; the next night matches.
        Closed,
        /// Matched pairs are at work.
        Running,
        /// Over.
        Completed,
        /// Called off.
        Canceled,
    }
}

word! {
    /// What a person is in a program.
    EnrollmentRole = "shared::domain::enrollments::EnrollmentRole" {
        /// In a PEER program: mutual, no hierarchy.
        Peer,
        /// In a MENTORING program: offers time and experience.
        Mentor,
        /// In a MENTORING program: looks for a mentor.
        Mentee,
    }
}

word! {
    /// The states of an enrollment. "Matched" is none of them: look at its matches.
    EnrollmentStatus = "shared::domain::enrollments::EnrollmentStatus" {
        /// Asked to join; staff or the round's closing decide.
        Applied,
        /// The person's country reached its share; invited to a later round.
        Waitlisted,
        /// Accepted, but required answers are missing.
        Accepted,
        /// Not accepted.
        Declined,
        /// Complete: the next night looks for a partner.
        Active,
        /// Takes no new partner for a while.
        Paused,
        /// The round ended with this person in it.
        Completed,
        /// The person left.
        Withdrawn,
        /// Staff removed the person.
        Removed,
    }
}

word! {
    /// How a match came about.
    MatchOrigin = "shared::domain::matches::MatchOrigin" {
        /// A run planned it.
        Run,
        /// One person asked the other.
        Request,
    }
}

word! {
    /// What a person answered to a proposal.
    AnswerToMatch = "shared::domain::matches::Answer" {
        /// Nothing yet.
        Pending,
        /// Yes.
        Accepted,
        /// No; nobody's fault.
        Declined,
    }
}

word! {
    /// The states of a match.
    MatchStatus = "shared::domain::matches::MatchStatus" {
        /// Waits for answers.
        Proposed,
        /// The two are introduced.
        Active,
        /// The two take a break.
        Paused,
        /// Ended as planned.
        Completed,
        /// Ended before its time; nobody's fault.
        EndedEarly,
        /// One side declined.
        Declined,
        /// Nobody answered in time.
        Expired,
        /// Taken back before it began.
        Withdrawn,
    }
}

word! {
    /// On which occasion somebody is asked about a match.
    CheckInKind = "shared::domain::check_ins::CheckInKind" {
        /// While the match goes on.
        Pulse,
        /// When it reached its end.
        WrapUp,
    }
}

word! {
    /// Where a session stands.
    SessionStatus = "shared::domain::sessions::SessionStatus" {
        /// One of the two suggests a time; the other is asked.
        Proposed,
        /// Both agreed.
        Scheduled,
        /// It took place.
        Held,
        /// It did not take place.
        Missed,
        /// Called off beforehand.
        Canceled,
    }
}

word! {
    /// Who wanted a match run.
    RunOrigin = "shared::domain::match_runs::RunOrigin" {
        /// The program's nightly time.
        Night,
        /// A member of staff.
        Request,
    }
}

word! {
    /// What a worker is doing in one round of a run, in this order.
    RunPhase = "shared::domain::match_runs::RunPhase" {
        /// Scores the pairs that the rules allow.
        Scoring,
        /// Looks for the best plan.
        Solving,
        /// Proves that the plan is the best.
        Proving,
        /// Finds out why, and why not.
        Explaining,
    }
}

word! {
    /// The states of a match run.
    RunStatus = "shared::domain::match_runs::RunStatus" {
        /// Waits for a worker.
        Queued,
        /// A worker plans.
        Running,
        /// Planned; waits for `publishMatchRun`, or is a preview.
        Ready,
        /// Could not be planned; see `error`.
        Failed,
        /// Its pairs became matches.
        Published,
        /// Put away; its pairs became nothing.
        Discarded,
    }
}

word! {
    /// What was decided about a pair.
    ConstraintKind = "shared::domain::constraints::ConstraintKind" {
        /// Placed first, before any score; set by staff.
        Pin,
        /// Never together; set by staff.
        Forbid,
        /// Never together; a person's confidential wish, shown to nobody else.
        Avoid,
    }
}

word! {
    /// What a member of staff is. Everybody else is a participant.
    Role = "shared::domain::organizations::Role" {
        /// Runs programs; may be limited to countries.
        Coordinator,
        /// Everything in the organization.
        Administrator,
    }
}

word! {
    /// What an API client may be used for, at most.
    ApiScope = "shared::domain::api_clients::Scope" {
        /// Queries and subscriptions.
        Read,
        /// Mutations.
        Write,
        /// The import and the synchronization of the roster.
        Roster,
        /// CSV exports.
        Export,
        /// The event log and webhook endpoints.
        Events,
        /// Reports about mail that could not be delivered, to `POST /bounces`.
        Mail,
        /// Tokens on behalf of people, from `POST /token`.
        OnBehalf,
        /// A token on behalf of a member of staff keeps their roles; without it, it has none.
        Staff,
    }
}

word! {
    /// The states of a message.
    MessageStatus = "shared::domain::messages::MessageStatus" {
        /// Waits for its time.
        Pending,
        /// Being sent.
        Sending,
        /// The mail relay accepted it.
        Sent,
        /// The mail relay refused it for good.
        Failed,
        /// It became pointless, or the person is not written to.
        Suppressed,
        /// Needs a human: it broke the worker three times.
        Held,
        /// The mail relay accepted it, and a report said later that it could not be delivered.
        Bounced,
    }
}

word! {
    /// Why a person was not matched.
    NonMatchReason = "shared::domain::non_matches::Reason" {
        /// Nobody satisfied the rules that must hold.
        NoCandidateMust,
        /// Candidates existed, and every one of them has all places taken by earlier matches.
        AllCandidatesFull,
        /// The places went to people with a higher priority.
        LostOnPriority,
        /// Every candidate is in a pair that is better in total.
        LostOnTotalScore,
        /// An odd number of people could be paired among themselves; one is left over.
        OddOneOut,
        /// Every candidate is a past partner.
        OnlyPastPartners,
        /// A decision about a pair removed the last candidate. Told to staff only.
        ExcludedByConstraint,
        /// The person pauses, or required answers are missing.
        PausedOrIncomplete,
        /// Candidates exist, but every score is below the program's minimum.
        BelowMinScore,
        /// The person joined after the round was closed.
        JoinedAfterCutoff,
        /// The person's country reached its share of the round.
        QuotaWaitlisted,
    }
}

word! {
    /// Whether a webhook endpoint is delivered to.
    WebhookEndpointStatus = "shared::domain::webhooks::EndpointStatus" {
        /// Events are delivered.
        Active,
        /// Nothing is delivered; the log keeps what it misses.
        Disabled,
    }
}

word! {
    /// The states of a webhook delivery.
    WebhookDeliveryStatus = "shared::domain::webhooks::DeliveryStatus" {
        /// Waits for its time.
        Pending,
        /// Being sent.
        Sending,
        /// The endpoint answered 2xx.
        Delivered,
        /// Given up after about three days.
        Failed,
    }
}

/// In which direction a list goes.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderDirection {
    /// The smallest, earliest or first in the alphabet comes first.
    Asc,
    /// The largest, latest or last in the alphabet comes first.
    Desc,
}
