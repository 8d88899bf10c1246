//! The OpenAPI document, `GET /v1/openapi.json`. Paths, bodies and answers come from the handlers and their
//! types; what all of them answer alike is added here, so that none can forget it.

use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{
    KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa::openapi::{Ref, RefOr, Required, Response as Answered, ResponseBuilder};

use super::problem::Document;

/// A mail address. RFC 5321, RFC 6531.
#[derive(ToSchema)]
#[schema(value_type = String, format = Email, min_length = 3, max_length = 254, example = "anna@example.se")]
pub(super) struct Email(#[expect(dead_code, reason = "stands for an address in schemas")] String);

/// A mail address as it is shown: whole, or `a***@example.se` for role `ops`, which may be three longer than any
/// address is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Email, min_length = 3, max_length = 257, example = "a***@example.se")]
pub(super) struct EmailShown(#[expect(dead_code, reason = "stands for an address in schemas")] String);

/// An address of the internet of either version, or none. RFC 791, RFC 4291.
pub(super) fn ip() -> Schema {
    let version = |known| {
        let format = SchemaFormat::KnownFormat(known);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format))
    };
    let none = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new()
        .item(version(KnownFormat::Ipv4))
        .item(version(KnownFormat::Ipv6))
        .item(none)
        .build()
        .into()
}

const ABOUT: &str = "What tools and programs tell and ask the gateway. A key's sender is the sender. Each \
operation names the roles that may call it. Errors are `application/problem+json` (RFC 9457); `docs/api.md` \
lists their types. Every answer carries `X-Request-Id`: the caller's, if it sent a harmless one. Times are RFC \
3339.";

/// What the routers' documents are gathered into.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("optgate")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()));
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("What `optgate credential add --role api|compliance|ops` printed."));
    let components = ComponentsBuilder::new().security_scheme("key", SecurityScheme::Http(key.build()));
    OpenApiBuilder::new().info(info.build()).components(Some(components.build())).build()
}

/// Adds what is common to all.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Components::new);
    for (status, name, description) in COMMON {
        components.responses.insert((*name).to_owned(), RefOr::T(problem(*status, description)));
    }
    components.parameters.insert("IdempotencyKey".to_owned(), RefOr::T(idempotency_key()));
    let mut schemas = Vec::new();
    <Document<'static> as ToSchema>::schemas(&mut schemas);
    schemas.push(("Problem".to_owned(), <Document<'static> as utoipa::PartialSchema>::schema()));
    components.schemas.extend(schemas);
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            if path.starts_with("/v1/") {
                answers(operation);
            }
            operation.responses.responses.values_mut().for_each(name_request);
        }
    }
    document
}

/// (status, name, meaning) of what is answered to any call that has what it needs to go wrong so.
const COMMON: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "The body is not JSON, or a parameter can't be used"),
    (401, "Unauthorized", "No key, or none that is in force"),
    (403, "Forbidden", "The key's role or sender does not open this"),
    (406, "NotAcceptable", "The caller accepts no JSON"),
    (409, "Conflict", "What is recorded, the sender's policies or the time stand against it"),
    (413, "TooLarge", "The body is too large"),
    (415, "MediaType", "The body is not JSON"),
    (422, "Mistaken", "The body has mistakes, or its Idempotency-Key was used for another"),
    (429, "TooMany", "More requests than are taken from here"),
    (500, "Internal", "A fault of the gateway"),
    (503, "Unavailable", "The records can't be reached now"),
];

/// The answers that an operation gives for how it is called.
fn answers(operation: &mut Operation) {
    let mut statuses = vec![406, 429, 500, 503];
    let writes = ["add", "lift", "erase", "change"];
    let is_write = |id: &String| writes.iter().any(|verb| id.starts_with(verb));
    if operation.operation_id.as_ref().is_some_and(is_write) {
        // Not among the parameters: whoever makes up requests would send one key with many bodies, which is
        // what a key must refuse.
        let reference = serde_json::json!({ "$ref": "#/components/parameters/IdempotencyKey" });
        let extension = ExtensionsBuilder::new().add("x-idempotency-key", reference).build();
        operation.extensions.get_or_insert_default().merge(extension);
        let said = operation.description.get_or_insert_default();
        said.push_str(
            "\n\nTakes an `Idempotency-Key` header, so that it is done once however often it is sent.",
        );
        statuses.extend([400, 409, 422]);
    }
    if operation.security.is_some() {
        statuses.extend([401, 403]);
    }
    if operation.request_body.is_some() {
        statuses.extend([400, 409, 413, 415, 422]);
    }
    let queried = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    };
    if operation.parameters.iter().flatten().any(queried) {
        statuses.push(400);
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(Required::True);
    }
    for (status, name, _) in COMMON.iter().filter(|(status, ..)| statuses.contains(status)) {
        let response = RefOr::Ref(Ref::from_response_name(*name));
        operation.responses.responses.entry(status.to_string()).or_insert(response);
    }
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some(r"^[\x21-\x7e]{1,255}$"))
        .examples([serde_json::json!("0193a000-0000-7000-8000-000000000000")]);
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names this call, so that it is done once however often it is sent: for 24 hours the same call with \
             the same body is given its first answer again. A key is for one call: a fresh UUID, say.",
        ))
        .schema(Some(schema))
        .build()
}

fn problem(status: u16, description: &str) -> Answered {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response =
        ResponseBuilder::new().description(description).content("application/problem+json", content);
    let response = match status {
        401 => response.header("WWW-Authenticate", text("The scheme: Bearer", None)),
        429 | 503 => response.header("Retry-After", text("Seconds to wait", Some(Type::Integer))),
        _ => response,
    };
    let mut response = RefOr::T(response.build());
    name_request(&mut response);
    match response {
        RefOr::T(response) => response,
        RefOr::Ref(_) => Answered::default(),
    }
}

fn name_request(response: &mut RefOr<Answered>) {
    if let RefOr::T(response) = response {
        let header = text("What logs call this request", None);
        response.headers.insert("X-Request-Id".to_owned(), RefOr::T(header));
    }
}

fn text(description: &str, kind: Option<Type>) -> utoipa::openapi::Header {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(kind.unwrap_or(Type::String)));
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, head, options, trace, .. } = item;
    [get, put, post, delete, patch, head, options, trace].into_iter().flatten()
}
