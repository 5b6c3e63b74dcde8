//! A small GraphQL client that speaks plain HTTP to a running server.

use reqwest::{
    StatusCode,
    header::{ACCEPT, HeaderMap},
};
use serde_json::{Value, json};

/// An HTTP client. It never leaves the machine, so it has no use for TLS, but must be told which one.
pub(crate) fn http() -> reqwest::Client {
    // Refused when another test was first, which is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_mins(1)).build().expect("an HTTP client")
}

/// The same request with these parameters as its form.
pub(crate) fn with_form(request: reqwest::RequestBuilder, parameters: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let url = reqwest::Url::parse_with_params("http://localhost", parameters).expect("parameters");
    let form = url.query().unwrap_or_default().to_owned();
    request.header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
}

/// The document that calls a mutation with one input and asks for so much of its payload, and for user errors.
pub(crate) fn mutation(name: &str, selection: &str) -> String {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    format!(
        "mutation($input: {input}!) {{ {name}(input: $input) {{ {selection} userErrors {{ code field message }} }} }}"
    )
}

/// One caller of one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: String,
    token: Option<String>,
    organization: Option<String>,
}

/// An answer as it came, whatever it was.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The status and the code of the first error.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        let code = self.body["errors"][0]["extensions"]["code"].as_str();
        (self.status.as_u16(), code.unwrap_or_else(|| panic!("no code: {self:?}")))
    }

    /// A header, if the answer has it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a text"))
    }
}

impl Client {
    /// A caller with that bearer token.
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let mut client = Self::anonymous(base);
        client.token = Some(token.to_owned());
        client
    }

    /// A caller without a token.
    pub(crate) fn anonymous(base: &str) -> Self {
        Self { http: http(), endpoint: format!("{base}/graphql"), token: None, organization: None }
    }

    /// The same caller, whose requests are meant for this organization.
    pub(crate) fn of_organization(mut self, slug: &str) -> Self {
        self.organization = Some(slug.to_owned());
        self
    }

    /// Sends a document and gives back whatever comes.
    pub(crate) async fn raw(&self, document: &str, variables: Value) -> Answer {
        self.post(json!({ "query": document, "variables": variables })).await
    }

    /// The address of the endpoint.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The bearer token, if there is one.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request with any JSON as its body, that wants this media type.
    pub(crate) fn request(&self, body: &Value, accept: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(&self.endpoint).header(ACCEPT, accept).json(body);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A request for another address of the same server, with this caller's token.
    pub(crate) fn request_at(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let base = self.endpoint.strip_suffix("/graphql").expect("the address of the endpoint");
        let request = self.http.request(method, format!("{base}{path}"));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends any JSON as the body of a request.
    pub(crate) async fn post(&self, body: Value) -> Answer {
        self.post_with(&[], body).await
    }

    /// The same with some more headers.
    pub(crate) async fn post_with(&self, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = self.http.post(&self.endpoint).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Asks with GET.
    pub(crate) async fn get(&self, parameters: &[(&str, &str)]) -> Answer {
        let url = reqwest::Url::parse_with_params(&self.endpoint, parameters).expect("an address");
        self.send(self.http.get(url)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let mut request = request.header(ACCEPT, "application/graphql-response+json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(slug) = &self.organization {
            request = request.header("counterpart-organization", slug);
        }
        let response = request.send().await.expect("an answer from the server");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the body of the answer");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, headers, body }
    }

    /// The `data` of a document that must succeed.
    pub(crate) async fn query(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.raw(document, variables.clone()).await;
        assert!(
            answer.status == StatusCode::OK && answer.body["errors"].is_null() && answer.body["data"].is_object(),
            "{document}\nwith {variables:#}\nwas answered {} {:#}",
            answer.status,
            answer.body
        );
        answer.body["data"].take()
    }

    /// The payload of a mutation with one root field, which must succeed without user errors.
    pub(crate) async fn mutate(&self, document: &str, variables: Value) -> Value {
        let payload = self.payload(document, variables).await;
        assert_eq!(payload["userErrors"], json!([]), "{document}\n{payload:#}");
        payload
    }

    /// The `userErrors` of a mutation with one root field, which must have been refused by at least one.
    pub(crate) async fn user_errors(&self, document: &str, variables: Value) -> Vec<Value> {
        let mut payload = self.payload(document, variables).await;
        let Value::Array(errors) = payload["userErrors"].take() else {
            panic!("{document}\nhas no list of userErrors");
        };
        assert!(!errors.is_empty(), "{document}\nshould have been refused");
        errors
    }

    /// The codes in `errors[].extensions.code` of a document that must fail.
    pub(crate) async fn error_codes(&self, document: &str, variables: Value) -> Vec<String> {
        let answer = self.raw(document, variables).await;
        let codes: Option<Vec<String>> = answer.body["errors"].as_array().and_then(|errors| {
            errors.iter().map(|error| Some(error["extensions"]["code"].as_str()?.to_owned())).collect()
        });
        codes.unwrap_or_else(|| panic!("{document}\nshould have failed with codes, but was answered {answer:#?}"))
    }

    async fn payload(&self, document: &str, variables: Value) -> Value {
        let mut data = self.query(document, variables).await;
        let fields = data.as_object_mut().expect("an object");
        assert_eq!(fields.len(), 1, "{document}\nshould have one root field");
        let payload = fields.values_mut().next().expect("one root field").take();
        assert!(payload.is_object(), "{document}\nhas no payload: {payload}");
        payload
    }
}

#[cfg(test)]
mod self_test {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::TcpListener,
        thread::{self, JoinHandle},
    };

    use super::*;

    /// Answers one request and gives it back as it was received.
    fn answering(status: &'static str, body: &'static str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            let mut length = 0;
            loop {
                let start = request.len();
                reader.read_line(&mut request).unwrap();
                let line = request[start..].to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut content = vec![0; length];
            reader.read_exact(&mut content).unwrap();
            request.push_str(&String::from_utf8(content).unwrap());
            write!(stream, "HTTP/1.1 {status}\r\nx-request-id: 7\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                .unwrap();
            request
        });
        (base, server)
    }

    #[tokio::test]
    async fn a_query_sends_the_token_and_the_variables_and_returns_the_data() {
        let (base, server) = answering("200 OK", r#"{"data":{"viewer":null}}"#);
        let client = Client::new(&base, "secret");
        let data = client.query("query($n: Int) { viewer }", json!({ "n": 1 })).await;
        assert_eq!(data, json!({ "viewer": null }));
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /graphql HTTP/1.1"), "{request}");
        assert!(request.contains("authorization: Bearer secret"), "{request}");
        assert!(request.contains(r#""variables":{"n":1}"#), "{request}");
    }

    #[tokio::test]
    #[should_panic(expected = "NOT_FOUND")]
    async fn a_query_that_fails_says_what_was_answered() {
        let (base, _server) =
            answering("200 OK", r#"{"data":{"match":null},"errors":[{"extensions":{"code":"NOT_FOUND"}}]}"#);
        Client::anonymous(&base).query("{ match }", json!({})).await;
    }

    #[tokio::test]
    async fn a_raw_answer_has_everything_even_when_it_is_not_json() {
        let (base, _server) = answering("503 Service Unavailable", "busy");
        let answer = Client::anonymous(&base).raw("{ a }", json!({})).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers["x-request-id"], "7");
        assert_eq!(answer.body, json!("busy"));
    }

    #[tokio::test]
    async fn a_mutation_is_either_accepted_or_refused() {
        let accepted = r#"{"data":{"endMatch":{"match":{"id":"m"},"userErrors":[]}}}"#;
        let (base, _server) = answering("200 OK", accepted);
        let payload = Client::anonymous(&base).mutate("mutation", json!({})).await;
        assert_eq!(payload["match"]["id"], "m");

        let refused = r#"{"data":{"endMatch":{"match":null,"userErrors":[{"code":"ENDED"}]}}}"#;
        let (base, _server) = answering("200 OK", refused);
        let errors = Client::anonymous(&base).user_errors("mutation", json!({})).await;
        assert_eq!(errors, [json!({ "code": "ENDED" })]);
    }

    #[tokio::test]
    async fn a_refused_document_has_codes() {
        let body = r#"{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}}]}"#;
        let (base, _server) = answering("401 Unauthorized", body);
        let codes = Client::anonymous(&base).error_codes("{ a }", json!({})).await;
        assert_eq!(codes, ["UNAUTHENTICATED"]);
    }
}
