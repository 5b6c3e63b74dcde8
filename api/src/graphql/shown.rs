//! Every list with the GraphQL type of its items, and where its loads are gathered.

use shared::store::lists::{
    Along, List, Page, Stretch,
    check_ins::CheckInList,
    constraints::ConstraintList,
    documents::DocumentList,
    enrollments::EnrollmentList,
    events::EventList,
    identities::IdentityList,
    issuers::IssuerList,
    mail::{MailSuppressionList, MessageAttemptList},
    match_runs::{MatchRunList, NonMatchList, PlannedPairList},
    matches::MatchList,
    messages::MessageList,
    people::PersonList,
    programs::ProgramList,
    rounds::RoundList,
    sessions::SessionList,
    webhooks::{WebhookDeliveryList, WebhookEndpointList},
};
use uuid::Uuid;

use super::{
    batch::Batch,
    check_ins::CheckIn,
    constraints::Constraint,
    documents::Document,
    enrollments::Enrollment,
    events::Event,
    issuers::{Identity, Issuer},
    mail::{MailSuppression, MessageAttempt},
    match_runs::{MatchRun, PlannedPair},
    matches::Match,
    messages::Message,
    non_matches::NonMatch,
    people::Person,
    plans::{self, Selected},
    programs::Program,
    reader::Shown,
    rounds::Round,
    sessions::Session,
    webhooks::{WebhookDelivery, WebhookEndpoint},
};

/// What is asked about many things at once: the same stretch of the same list under each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Part<L: List> {
    pub(super) list: L,
    pub(super) stretch: Stretch<L::Order>,
    pub(super) of: L::Of,
}

/// The loads of one list.
#[derive(Debug)]
pub(super) struct Batches<L: List> {
    pub(super) found: Batch<Uuid, L::Item>,
    pub(super) pages: Batch<(Part<L>, Uuid), Page<L::Item>>,
    pub(super) counts: Batch<((L, L::Of), Uuid), u64>,
}

impl<L: List> Default for Batches<L> {
    fn default() -> Self {
        Self { found: Batch::default(), pages: Batch::default(), counts: Batch::default() }
    }
}

macro_rules! shown {
    ($($field:ident: $list:ident => $node:ident $({ $lookup:expr })? $(along $along:path)?,)+) => {
        /// The loads of every list.
        #[derive(Debug, Default)]
        pub(super) struct Lists {
            $($field: Batches<$list>,)+
        }

        $(impl Shown for $list {
            type Node = $node;

            fn batches(lists: &Lists) -> &Batches<Self> {
                &lists.$field
            }

            $(fn lookup() -> Self {
                $lookup
            })?

            $(fn along(items: &Selected<'_>) -> Along {
                $along(items)
            })?

            fn id_of(item: &Self::Item) -> Uuid {
                item.id
            }
        })+
    };
}

shown! {
    check_ins: CheckInList => CheckIn,
    constraints: ConstraintList => Constraint,
    documents: DocumentList => Document,
    enrollments: EnrollmentList => Enrollment along plans::enrollments,
    events: EventList => Event,
    identities: IdentityList => Identity,
    issuers: IssuerList => Issuer,
    mail_suppressions: MailSuppressionList => MailSuppression,
    match_runs: MatchRunList => MatchRun,
    matches: MatchList => Match along plans::matches,
    message_attempts: MessageAttemptList => MessageAttempt,
    messages: MessageList => Message,
    non_matches: NonMatchList => NonMatch { NonMatchList { standing: true } },
    people: PersonList => Person { PersonList { with_partners: true, ..PersonList::default() } },
    planned_pairs: PlannedPairList => PlannedPair,
    programs: ProgramList => Program,
    rounds: RoundList => Round,
    sessions: SessionList => Session,
    webhook_deliveries: WebhookDeliveryList => WebhookDelivery,
    webhook_endpoints: WebhookEndpointList => WebhookEndpoint,
}
