//! What the OpenAPI document says beside the routes: title, security scheme, tags.

use beanpole_protocol::api::Problem;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Tree,
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
        (name = "applications", description = "Applications and their versions"),
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
