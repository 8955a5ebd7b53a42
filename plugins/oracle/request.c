/* SPDX-License-Identifier: MIT */
/* Writes the request in one of four forms. The vendor's own chat wraps a chat request in an envelope with compartment and
 * model; a target's params are laid over that chat request. A hole is asked for in words: no model here fills one raw. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "oracle.h"

#include <stdio.h>
#include <string.h>

#define MAX_STOPS 4

/* ---- OpenAI's form ---- */

static void write_openai(struct draft *d)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "model", d->req->model);
    jsonw_key(&d->w, "stream");
    jsonw_bool(&d->w, 1);
    if (draft_wants(d, NULL, "stream_options")) {
        jsonw_key(&d->w, "stream_options");
        jsonw_open(&d->w, '{');
        jsonw_key(&d->w, "include_usage");
        jsonw_bool(&d->w, 1);
        jsonw_close(&d->w, '}');
    }
    jsonw_key(&d->w, "messages");
    draft_chat_messages(d, 1);
    if (d->req->max_tokens > 0 && draft_wants(d, NULL, "max_tokens")) {
        jsonw_key(&d->w, "max_tokens");
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (draft_wants(d, NULL, "stop"))
        draft_stops(d, "stop", MAX_STOPS, NULL, 0);
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

/* ---- the vendor's own ---- */

static void write_message(struct draft *d, const char *role, struct sy_str text)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "role", text_c(role));
    jsonw_key(&d->w, "content");
    jsonw_open(&d->w, '[');
    jsonw_open(&d->w, '{');
    draft_member(d, "type", TEXT("TEXT"));
    draft_member(d, "text", text);
    jsonw_close(&d->w, '}');
    jsonw_close(&d->w, ']');
    jsonw_close(&d->w, '}');
}

static void write_generic(struct draft *d)
{
    static const char *const roles[] = {"SYSTEM", "USER", "ASSISTANT"};
    int chat = d->req->kind == SY_REQ_CHAT;

    jsonw_key(&d->w, "messages");
    jsonw_open(&d->w, '[');
    if (chat)
        draft_add_system(d);
    else
        bytes_addstr(&d->prompt, text_c(draft_hole_system));
    if (d->prompt.n > 0)
        write_message(d, "SYSTEM", bytes_str(&d->prompt));
    bytes_reset(&d->prompt);
    for (size_t i = 0; i < d->req->nmsg && chat; i++)
        write_message(d, roles[draft_role(draft_message(d, i))], draft_message(d, i)->text);
    if (!chat) {
        draft_add_files(d);
        draft_add_hole(d);
        write_message(d, "USER", bytes_str(&d->prompt));
    }
    jsonw_close(&d->w, ']');
}

/* One message, what was said before it, and a preamble. */
static void write_cohere(struct draft *d)
{
    static const char *const roles[] = {"SYSTEM", "USER", "CHATBOT"};
    size_t last = d->req->nmsg ? d->req->nmsg - 1 : 0;
    int chat = d->req->kind == SY_REQ_CHAT;

    if (chat)
        draft_add_system(d);
    else
        bytes_addstr(&d->prompt, text_c(draft_hole_system));
    if (d->prompt.n > 0)
        draft_member(d, "preambleOverride", bytes_str(&d->prompt));
    bytes_reset(&d->prompt);
    if (!chat) {
        draft_add_files(d);
        draft_add_hole(d);
        draft_member(d, "message", bytes_str(&d->prompt));
        return;
    }
    if (last > 0) {
        jsonw_key(&d->w, "chatHistory");
        jsonw_open(&d->w, '[');
        for (size_t i = 0; i < last; i++) {
            jsonw_open(&d->w, '{');
            draft_member(d, "role", text_c(roles[draft_role(draft_message(d, i))]));
            draft_member(d, "message", draft_message(d, i)->text);
            jsonw_close(&d->w, '}');
        }
        jsonw_close(&d->w, ']');
    }
    draft_member(d, "message", d->req->nmsg ? draft_message(d, last)->text : (struct sy_str){NULL, 0});
}

static void write_chat(struct draft *d, const struct oracle *p)
{
    static const char *const formats[] = {"", "GENERIC", "COHERE", "COHEREV2"};
    const char *tokens = text_eq(p->max_tokens_field, "maxCompletionTokens") ? "maxCompletionTokens" : "maxTokens";

    jsonw_open(&d->w, '{');
    draft_member(d, "apiFormat", text_c(formats[p->api]));
    if (p->api == API_COHERE)
        write_cohere(d);
    else
        write_generic(d);
    jsonw_key(&d->w, "isStream");
    jsonw_bool(&d->w, 1);
    if (service_takes(d->s, "stream_options") && draft_wants(d, NULL, "streamOptions")) {
        jsonw_key(&d->w, "streamOptions");
        jsonw_open(&d->w, '{');
        jsonw_key(&d->w, "isIncludeUsage");
        jsonw_bool(&d->w, 1);
        jsonw_close(&d->w, '}');
    }
    if (d->req->max_tokens > 0 && service_takes(d->s, "max_tokens") && draft_wants(d, NULL, tokens)) {
        jsonw_key(&d->w, tokens);
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (service_takes(d->s, "stop") && draft_wants(d, NULL, p->api == API_GENERIC ? "stop" : "stopSequences"))
        draft_stops(d, p->api == API_GENERIC ? "stop" : "stopSequences", MAX_STOPS, NULL, 0);
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

static void write_native(struct draft *d, const struct oracle *p, const char *compartment)
{
    static const char endpoint[] = "ocid1.generativeaiendpoint";
    int dedicated = d->req->model.n > sizeof endpoint && memcmp(d->req->model.p, endpoint, sizeof endpoint - 1) == 0;

    jsonw_open(&d->w, '{');
    draft_member(d, "compartmentId", text_c(compartment));
    jsonw_key(&d->w, "servingMode");
    jsonw_open(&d->w, '{');
    draft_member(d, "servingType", text_c(dedicated ? "DEDICATED" : "ON_DEMAND"));
    draft_member(d, dedicated ? "endpointId" : "modelId", d->req->model);
    jsonw_close(&d->w, '}');
    jsonw_key(&d->w, "chatRequest");
    write_chat(d, p);
    jsonw_close(&d->w, '}');
}

/* ---- the exchange ---- */

static int describe(struct oracle *p, const struct oracle_place *place, const struct sy_http *http)
{
    struct bytes url;
    int r;

    bytes_init(&url, 4096);
    bytes_addstr(&url, text_c(p->s.base));
    if (!p->has_base)
        bytes_addf(&url, ".%s.oci.oraclecloud.com", place->region);
    bytes_addstr(&url, text_c(p->api == API_OPENAI ? "/openai/v1/chat/completions" : "/20231130/actions/chat"));
    bytes_addstr(&url, text_c(p->s.query));
    r = url.failed ? service_fail(&p->s, SY_EREQUEST, "base_url is too long") : http->line(http->ctx, "POST", bytes_str(&url));
    bytes_fini(&url);
    if (r >= 0)
        r = http->auth(http->ctx, SY_AUTH_BEARER, NULL, 1);
    /* The vendor's own client sends the compartment under both names. */
    if (r >= 0 && p->api == API_OPENAI)
        r = service_header(http, "CompartmentId", text_c(place->compartment));
    if (r >= 0 && p->api == API_OPENAI)
        r = service_header(http, "opc-compartment-id", text_c(place->compartment));
    if (r >= 0 && p->api == API_OPENAI)
        r = service_header(http, "OpenAI-Project", p->project);
    return r;
}

static int write_request(struct draft *d, struct oracle *p, const struct sy_http *http)
{
    struct oracle_place place;
    int r = draft_chat_only(d);

    if (r >= 0)
        r = oracle_place(p, &place);
    if (r < 0)
        return r;
    if (d->req->model.n == 0)
        return service_fail(&p->s, SY_EREQUEST, "the target names no model");
    if (p->api != API_OPENAI && !place.compartment[0])
        return service_fail(&p->s, SY_EREQUEST, "no compartment: set the option compartment, or tenancy in ~/.oci/config");
    if (p->api == API_OPENAI)
        write_openai(d);
    else
        write_native(d, p, place.compartment);
    r = describe(p, &place, http);
    return r < 0 ? r : draft_send(d, http);
}

int oracle_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "messages", "message", "chatHistory", "apiFormat", "stream", "isStream", NULL};
    struct oracle *p = self;
    struct draft d;
    int r = draft_init(&d, &p->s, req, ours);

    if (r >= 0)
        r = write_request(&d, p, http);
    if (r >= 0 && reader_open(p->api == API_OPENAI ? &oracle_openai_reading : &oracle_reading, p, req->kind == SY_REQ_FIM, x) < 0)
        r = service_fail(&p->s, SY_EINTERNAL, "out of memory");
    draft_fini(&d);
    return r;
}
