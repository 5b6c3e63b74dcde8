//! A request on its way to the schema, over whatever transport it came.

use actix_web::{HttpRequest, web};
use async_graphql::{Request, parser::types::OperationType};
use shared::{auth::AuthError, domain::api_clients::Scope};
use tokio::time::{Instant, timeout_at};

use super::{
    Service, Work,
    address::client_address,
    answers::Fault,
    bearer::{self, Credentials},
    cors,
    documents::Asked,
    registered,
};
use crate::{
    allowance::Allowance,
    caller::Caller,
    graphql::{cost, operations},
};

/// Who sent something, as far as the transport tells.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) credentials: Option<Credentials>,
    address: String,
}

impl Sender {
    /// The sender of a request.
    pub(super) fn of(request: &HttpRequest, service: &Service) -> Result<Self, AuthError> {
        let credentials = bearer::credentials(request.headers())?;
        Ok(Self { credentials, address: client_address(request, service.trusted_proxies) })
    }

    /// Who that is; `None` for nobody in particular. Guessing tokens is paid for by address, so that it has an end.
    pub(super) async fn caller(&self, service: &Service, request_id: String) -> Result<Option<Caller>, Fault> {
        let Some(credentials) = &self.credentials else { return Ok(None) };
        match bearer::authenticate(service, credentials, request_id).await {
            Ok(caller) => Ok(Some(caller)),
            Err(fault) => Err(paid(self.allowance(service, None).as_ref(), fault).await),
        }
    }

    /// Who that is, where it must be somebody; paid for as one request.
    pub(super) async fn person(&self, service: &Service, request_id: String) -> Result<Caller, Fault> {
        let caller = self.caller(service, request_id).await?.ok_or(AuthError::Missing)?;
        if let Some(allowance) = self.allowance(service, Some(&caller)) {
            allowance.pay(1, &[]).await?;
        }
        Ok(caller)
    }

    /// The same, who must be somebody that may use this: before their file is read.
    pub(super) async fn admitted(
        self,
        request: &HttpRequest,
        service: &web::Data<Service>,
        work: &Work,
        scope: Scope,
        request_id: String,
    ) -> Result<Caller, Fault> {
        let shared = service.clone();
        let who = async move { self.person(&shared, request_id).await };
        let caller = work.run(Instant::now() + service.request_timeout, who).await??;
        cors::asked_by(request, caller.organization_id());
        may(&caller, scope)?;
        Ok(caller)
    }

    /// What the sender may still ask for; `None` when nothing is limited.
    pub(super) fn allowance(&self, service: &Service, caller: Option<&Caller>) -> Option<Allowance> {
        let allowances = service.allowances.as_ref()?;
        Some(match caller {
            Some(caller) => allowances.of_caller(caller.organization_id(), caller.person_id(), caller.client),
            None => allowances.of_address(self.address.clone()),
        })
    }
}

/// The request to be executed, with its document in it and the allowance it is paid from.
pub(super) async fn ready(
    service: &Service,
    caller: Option<&Caller>,
    allowance: Option<&Allowance>,
    asked: Asked,
) -> Result<Request, Fault> {
    let request = match registered::resolve(service, caller, asked).await {
        Ok(request) => request,
        Err(fault) => return Err(paid(allowance, fault).await),
    };
    Ok(match allowance {
        Some(allowance) => request.data(allowance.clone()),
        None => request,
    })
}

/// The body of a request, which has come by `deadline`. `too_large` is what is wrong with one of more than `limit` bytes.
pub(super) async fn body(
    payload: web::Payload,
    limit: usize,
    deadline: Instant,
    too_large: impl FnOnce(usize) -> Fault,
) -> Result<web::Bytes, Fault> {
    match timeout_at(deadline, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(error))) => Err(Fault::Malformed(format!("The body cannot be read: {error}."))),
        Ok(Err(_too_large)) => Err(too_large(limit)),
        Err(_) => Err(Fault::TimedOut),
    }
}

/// Insists that a client's key, or a token that it was exchanged for, covers this.
pub(super) fn may(caller: &Caller, scope: Scope) -> Result<(), Fault> {
    if caller.allows(scope) {
        return Ok(());
    }
    Err(Fault::Forbidden(format!("this needs the scope {scope}, which this API client or token does not have")))
}

/// What was refused before it reached the schema has made work too: guessing tokens and documents must have an end.
pub(super) async fn paid(allowance: Option<&Allowance>, fault: Fault) -> Fault {
    let is_theirs = fault.is_about_the_token() || matches!(fault, Fault::UnknownDocument | Fault::DocumentsOnly);
    let Some(allowance) = allowance.filter(|_| is_theirs) else { return fault };
    match allowance.pay(1, &[]).await {
        Ok(_) => fault,
        Err(exceeded) => exceeded.into(),
    }
}

/// What kind of operation would be executed. `None` for a document that does not parse, or does not say which of its
/// operations is meant; such a one gets its error from the schema.
pub(super) fn operation_type(request: &mut Request) -> Option<OperationType> {
    let wanted = request.operation_name.clone();
    // A text that is dangerous to parse is refused where it would be executed.
    if request.query.is_empty() || cost::check_text(&request.query).is_err() {
        return None;
    }
    let document = request.parsed_query().ok()?;
    operations::chosen(document, wanted.as_deref()).map(|operation| operation.ty)
}

/// Whether a GET may carry out an operation of this kind. What does not say its kind gets its error from the schema.
pub(super) fn may_be_got(kind: Option<OperationType>, as_stream: bool) -> bool {
    match kind {
        None | Some(OperationType::Query) => true,
        Some(OperationType::Subscription) => as_stream,
        Some(OperationType::Mutation) => false,
    }
}
