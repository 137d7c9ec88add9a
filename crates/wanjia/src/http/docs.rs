//! The contract, for programs at `/openapi.json` and for people at `/docs`: plain HTML made from the same document.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::{Map, Value};

use super::Site;

const STYLE: &str = "body{max-width:60rem;margin:auto;padding:1rem;font:1rem/1.6 system-ui,sans-serif;color:#1b2a2f}\
    h2{margin-top:2.5rem;border-top:1px solid #ccd6d9;padding-top:1rem}code{font-size:.9em}\
    table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccd6d9;padding:.3rem .6rem;text-align:left;vertical-align:top}\
    nav ul{columns:2;list-style:none;padding:0}";

static JSON: LazyLock<String> = LazyLock::new(|| super::document().to_pretty_json().unwrap_or_default());
static PAGE: LazyLock<String> = LazyLock::new(|| page(&serde_json::from_str(&JSON).unwrap_or_default()));

pub fn routes() -> Router<Site> {
    let json = || async { ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()) };
    let page = || async { ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE.as_str()) };
    let style = || async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) };
    Router::new()
        .route("/openapi.json", get(json))
        .route("/docs", get(page))
        .route("/docs/style.css", get(style))
}

/// Text in which nothing is markup; what was between backquotes is code.
fn text(plain: &str) -> String {
    let escaped =
        plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut out = String::with_capacity(escaped.len());
    for (index, part) in escaped.split('`').enumerate() {
        if index > 0 {
            out.push_str(if index % 2 == 1 { "<code>" } else { "</code>" });
        }
        out.push_str(part);
    }
    out
}

fn string<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// How a schema is called: a link to a named one, else its type.
fn kind(schema: &Value) -> String {
    if let Some(name) = string(schema, "$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        return format!("<a href=\"#{0}\">{0}</a>", text(name));
    }
    if let Some(items) = schema.get("items") {
        return format!("[{}]", kind(items));
    }
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        return options.iter().map(kind).collect::<Vec<_>>().join(" | ");
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return text(&values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | "));
    }
    let types = match schema.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        _ => String::new(),
    };
    let format = string(schema, "format");
    text(&if format.is_empty() { types } else { format!("{types} ({format})") })
}

fn page(document: &Value) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>wanjia 万家 HTTP</title>\
         <link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><main><h1>wanjia 万家 HTTP</h1>",
    );
    let description = document.get("info").map_or("", |info| string(info, "description"));
    // Writing into a String cannot fail.
    let _ = write!(out, "<p>{} <a href=\"/openapi.json\">openapi.json</a></p><nav><ul>", text(description));
    for (path, item) in members(document, "paths") {
        for (method, _) in item.as_object().into_iter().flat_map(Map::iter) {
            let _ = write!(
                out,
                "<li><a href=\"#{1}{0}\"><code>{2} {0}</code></a></li>",
                text(path),
                text(method),
                text(&method.to_uppercase())
            );
        }
    }
    out.push_str("</ul></nav>");
    for (path, item) in members(document, "paths") {
        for (method, operation) in item.as_object().into_iter().flat_map(Map::iter) {
            describe(&mut out, path, method, operation);
        }
    }
    for (name, schema) in document.get("components").into_iter().flat_map(|all| members(all, "schemas")) {
        let _ = write!(
            out,
            "<h2 id=\"{0}\">{0}</h2><p>{1} {2}</p>",
            text(name),
            text(string(schema, "description")),
            kind(schema)
        );
        let required = schema.get("required").and_then(Value::as_array);
        let fields = members(schema, "properties").map(|(name, field)| {
            let needed = required.is_some_and(|all| all.iter().any(|one| one == name));
            (name.as_str(), needed, kind(field), string(field, "description"))
        });
        table(&mut out, fields.collect());
    }
    out.push_str("</main></body></html>");
    out
}

fn describe(out: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        out,
        "<h2 id=\"{1}{0}\"><code>{2} {0}</code></h2><p>{3}</p><p>{4}</p>",
        text(path),
        text(method),
        text(&method.to_uppercase()),
        text(string(operation, "summary")),
        text(string(operation, "description"))
    );
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let parameters = parameters.map(|parameter| {
        let needed = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
        let schema = parameter.get("schema").map(kind).unwrap_or_default();
        (string(parameter, "name"), needed, schema, string(parameter, "description"))
    });
    table(out, parameters.collect());
    let body = |value: &Value| {
        let kinds = members(value, "content")
            .filter_map(|(media, content)| Some(format!("{} {}", text(media), kind(content.get("schema")?))));
        kinds.collect::<Vec<_>>().join(", ")
    };
    if let Some(request) = operation.get("requestBody") {
        let _ = write!(out, "<p>Body: {}</p>", body(request));
    }
    out.push_str("<ul>");
    for (status, response) in members(operation, "responses") {
        let _ = write!(
            out,
            "<li><strong>{}</strong> {} {}</li>",
            text(status),
            text(string(response, "description")),
            body(response)
        );
    }
    out.push_str("</ul>");
}

fn table(out: &mut String, rows: Vec<(&str, bool, String, &str)>) {
    if rows.is_empty() {
        return;
    }
    out.push_str("<table><tr><th>name</th><th>type</th><th></th></tr>");
    for (name, needed, kind, description) in rows {
        let optional = if needed { "" } else { " (optional)" };
        let _ = write!(
            out,
            "<tr><td><code>{}</code>{optional}</td><td>{kind}</td><td>{}</td></tr>",
            text(name),
            text(description)
        );
    }
    out.push_str("</table>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_document_becomes_markup() {
        assert_eq!(text("a <b> & `c<d>` \"e\""), "a &lt;b&gt; &amp; <code>c&lt;d&gt;</code> &quot;e&quot;");
    }

    #[test]
    fn the_page_holds_every_endpoint_and_no_script() {
        for path in super::super::document().paths.paths.keys() {
            assert!(PAGE.contains(&text(path)), "{path}");
        }
        assert!(!PAGE.contains("<script") && !PAGE.contains("style="));
    }
}
