//! What the OpenAPI document says beside the routes: title, security scheme, tags.

use beanpole_protocol::api::Problem;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, OpenApi as Tree, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Beanpole", description = "Applications, versions, environments and deployments."),
    components(schemas(Problem)),
    security(("bearer" = [])),
    modifiers(&Bearer),
    tags(
        (name = "identity", description = "Sessions, users, API tokens"),
        (name = "access", description = "Who may call the AWS services: access keys, accounts, roles"),
        (name = "applications", description = "Applications and their versions"),
        (name = "queues", description = "SQS queues of applications"),
        (name = "environments", description = "Environments, instances, events, logs"),
        (name = "deployments", description = "Deployments"),
        (name = "hosts", description = "Docker hosts"),
        (name = "server", description = "The server itself"),
    )
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, tree: &mut Tree) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A session (JWT) from POST /api/v1/session, or an API token (bpt_…).",
            ))
            .build();
        tree.components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Gives each operation an id of its own, and says what its errors look like.
pub fn complete(tree: &mut Tree) {
    for (path, item) in &mut tree.paths.paths {
        let operations: [&mut Option<Operation>; 5] = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        let methods = ["get", "post", "put", "patch", "delete"];
        for (method, operation) in methods.into_iter().zip(operations) {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(operation_id(method, path));
            let responses = &mut operation.responses.responses;
            responses
                .entry("default".to_owned())
                .or_insert_with(|| RefOr::T(problem()));
        }
    }
}

/// `get /api/v1/users/{name}` is `get_users_by_name`: unique because method and path together are.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    for part in path
        .trim_start_matches("/api/v1")
        .split('/')
        .filter(|part| !part.is_empty())
    {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(variable) => id.push_str(&format!("_by_{variable}")),
            None => id.push_str(&format!("_{}", part.replace(['-', '.'], "_"))),
        }
    }
    id
}

fn problem() -> utoipa::openapi::Response {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description("What was wrong, and what to do next")
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}
