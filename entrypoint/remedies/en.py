"""English: every sentence that a person reads, and nothing else. `wording` says what each is for."""

# ruff: noqa: S106 - sentences about tokens, none of which is one

from __future__ import annotations

from entrypoint.remedies.wording import Said, Wording

_VERDICTS = {
    "granted": Said(
        arises="The Hub lists the repo and lets this token, or anybody, read its files.",
        means="Access is granted.",
        next="access is granted",
    ),
    "token-missing": Said(
        arises="401 with the code `GatedRepo`, or for a repo that the Hub shows to everybody, and no token was sent.",
        means="Gated: the files go only to accounts that have accepted the authors' terms."
        " No token is set, so the {hub} cannot know who is asking. An account is free; its token only opens"
        " downloads, and no text of yours goes to the Hub.",
        next="create a Hub token, set it as HF_TOKEN, accept the terms on the model's page",
    ),
    "token-invalid": Said(
        arises="401 to a request with a token, and `whoami` does not know the token either.",
        means="The {hub} does not accept {token}: it has expired, was deleted or replaced, or was not copied whole."
        " While a bad token is set, even public models are refused.",
        next="create a new Hub token and put it in place of the old one ({old})",
    ),
    "token-expired": Said(
        arises="401 to a request with a token, and the Hub says that it has expired.",
        means="The end date of {token} has passed.",
        next="create a new Hub token and put it in place of the expired one ({old})",
    ),
    "token-lacks-gated-scope": Said(
        arises="403 without a code for a gated repo; `whoami` shows a fine-grained token that may not read gated repos,"
        " or the Hub's sentence says so.",
        means="A fine-grained token needs a permission of its own for gated models, and {token} lacks it.",
        next="let the token read public gated repos, at {endpoint}/settings/tokens",
    ),
    "token-lacks-repo-scope": Said(
        arises="403, or 404 for a repo of the account's own or of its organisation, and `whoami` shows a fine-grained"
        " token whose scopes name neither this repo nor its owner.",
        means="A fine-grained token reads only what it was made for, and {token} does not cover this.",
        next="add the model to what the token may read, at {endpoint}/settings/tokens",
    ),
    "terms-not-accepted": Said(
        arises="403 with the code `GatedRepo`, and no other reason in the Hub's sentence.",
        means="Gated: the files go only to accounts that have accepted the authors' terms, and {who} is not among"
        " them.",
        next='as {who}, press "Agree and access repository" on the model\'s page',
    ),
    "review-pending": Said(
        arises="403 with the code `GatedRepo`, and the Hub says that the request awaits a review.",
        means="The authors have not answered the request of {who} for access yet. They decide, not the Hub:"
        " waiting helps, restarting does not.",
        next="wait for the authors' answer to {who}",
    ),
    "review-rejected": Said(
        arises="403 with the code `GatedRepo`, and the Hub says that the request was rejected.",
        means="The authors have declined the request of {who} for access.",
        next="ask the model's authors, use another account, or another model",
    ),
    "access-reset": Said(
        arises="403 with the code `GatedRepo`, and the Hub says that access was reset.",
        means="The authors have reset the request of {who} for access; a new one is possible.",
        next="as {who}, send a new request on the model's page",
    ),
    "repo-not-found": Said(
        arises="404 with the code `RepoNotFound` to a request with a valid token.",
        means="The {hub} has nothing of this name that {who} may see: the name has a typo, the model is gone, or it is"
        " private.",
        next="correct the name in {source}, or use the token of its owner",
    ),
    "repo-missing-or-private": Said(
        arises="401 or 404 without the code `GatedRepo`, and no token was sent.",
        means="The name has a typo, or the model is gone or private: without a token the Hub does not say which.",
        next="correct the name in {source}, or set HF_TOKEN if the model is private",
    ),
    "revision-not-found": Said(
        arises="404 with the code `RevisionNotFound`.",
        means='The model is there, but it has no branch, tag or commit "{revision}".',
        next='correct the revision "{revision}" in {source}',
    ),
    "file-not-found": Said(
        arises="404 with the code `EntryNotFound`, or no file of the repo matches what is asked for.",
        means="The model is there, but no file in it matches {wanted}.",
        next="correct the file names: nothing matches {wanted}",
    ),
    "repo-disabled": Said(
        arises='The Hub shows the repo as disabled, or says "Access to this resource is disabled."',
        means="The Hub has disabled this model, for everybody.",
        next="name another model in {source}",
    ),
    "org-policy": Said(
        arises="403, and the Hub names a rule of the organisation (single sign-on, approved tokens, allowed"
        " networks), or the account is a member and its token reaches the repo.",
        means="Most likely, a rule of the organisation {organisation} stands in the way: single sign-on, approval of"
        " tokens, or a list of allowed networks.",
        next="ask an administrator of {organisation}",
    ),
    "rate-limited": Said(
        arises="429, after the retries.",
        means="The Hub has counted too many requests from this account or address, and asks for a pause.",
        next="wait a few minutes",
    ),
    "hub-error": Said(
        arises="408 or 5xx, after the retries; or the host of the files goes on refusing what the Hub granted.",
        means="The {hub} has a fault of its own just now. Nothing is wrong with your settings.",
        next="wait a few minutes",
    ),
    "hub-unreachable": Said(
        arises="No answer at all: the name was not resolved, the connection was refused, broke, or nothing"
        " came in time.",
        means="{host} did not answer.",
        next="check this container's network: {host} cannot be reached",
    ),
    "tls-untrusted": Said(
        arises="The TLS handshake failed: the certificate is not trusted here, or not valid at the time of this"
        " machine's clock.",
        means="{host} showed no certificate that this container trusts: most often it is that of a company's firewall"
        " that reads encrypted traffic.",
        next="bring your company's CA into the container and set SSL_CERT_FILE",
    ),
    "proxy-refused": Said(
        arises="407, or the proxy refused to open the connection. A proxy's 403 is never taken for the Hub's.",
        means="The proxy {proxy_named} refused to let this container through to {host}.",
        next="ask the network's administrators to let the proxy pass {host}",
    ),
    "not-a-hub": Said(
        arises="An answer without the Hub's marks (`X-Error-*`, JSON), usually an HTML page.",
        means="Something answered at {endpoint}, but it is no Hub: most often a network's sign-in page or a proxy's own"
        " page.",
        next="open {endpoint} in a browser on this network and see what answers",
    ),
    "refused": Said(
        arises="Any other refusal: it is shown as the Hub gave it.",
        means="The {hub} refused, for a reason that this program does not know.",
        next="open the model's page, signed in; if it asks for something, accept it",
    ),
}

_TROUBLES = {
    "": "{host} did not answer.",
    "dns": "The name {host} could not be resolved: this container finds no name server that knows it.",
    "connect": "No connection to {host} could be made: a firewall, or a proxy that must be used, is the usual cause.",
    "timeout": "{host} did not answer in time: a firewall that drops packets, or a slow network, is the usual cause.",
    "tls": "No safe connection to {host} could be made.",
    "clock": "No safe connection to {host} could be made: its certificate is not valid by this machine's clock.",
    "proxy": "The proxy {proxy_named} did not let the request through to {host}.",
    "reset": "The connection to {host} was cut: a firewall or a proxy on the way is the usual cause.",
    "other": "{host} could not be reached.",
}

_PROXY_FAULTS = {
    "dns": "The name of the proxy {proxy}, set as {proxy_variable}, could not be resolved. {host} itself was never"
    " asked.",
    "connect": "No connection to the proxy {proxy}, set as {proxy_variable}, could be made. {host} itself was never"
    " asked.",
    "timeout": "No answer came in time through the proxy {proxy}, set as {proxy_variable}: either the proxy itself"
    " cannot be reached, or it gets no answer from {host}.",
    "beyond": "The proxy {proxy}, set as {proxy_variable}, answers, but could not connect to {host}.",
}

ENGLISH = Wording(
    verdicts=_VERDICTS,
    troubles=_TROUBLES,
    proxy_faults=_PROXY_FAULTS,
    uses={
        "listed": "",
        "weights": "to write its answers, on your own machine",
        "embedding": "to make your documents searchable, on your own machine",
        "tokenizer": "to count tokens; no text of yours is sent anywhere",
        "reranker": "to sort what it finds in your documents, on your own machine",
        "code": "the model named there runs code from it",
    },
    sentence_separator=" ",
    list_separator=", ",
    and_more="{names} and {left} more",
    asks="{asker} asks for it: {source}.",
    asks_for_use="{asker} asks for it: {source} ({what_for}).",
    asks_listed="Requested by {source}.",
    asks_listed_in_compose="Requested by {source} (usually under `environment:` in the compose file).",
    asks_listed_code="A model in {source} asks for it (it runs code from it).",
    optional="(optional: the server starts without it)",
    knows_account='The {hub} knows you as "{account}"',
    knows_account_by='The {hub} knows you as "{account}" ({parts})',
    saw_token="The {hub} saw the token from {token_source}",
    saw_no_token="The {hub} saw no token",
    by_token='token "{token_name}", {role}, from {token_source}',
    token_quoted='token "{token_name}"',
    from_source="from {token_source}",
    roles={"read": "read", "write": "write", "fineGrained": "fine-grained"},
    answered="{whom} and answered {answer}.",
    answered_quoting='{whom} and answered {answer}: "{message}"',
    answered_password='{whom} and answered {answer}: "{message}" (it says so for want of a valid token; no password is'
    " involved)",
    answered_nothing="{whom}, and then gave no answer.",
    somebody_answered="The answer was {status}.",
    somebody_answered_quoting='The answer was {status}: "{message}"',
    network_said='The error was: "{message}"',
    files_found="It has: {files}.",
    files_more="It has: {files} and {files_left} more.",
    link="More about this: {link}",
    hub_public="Hugging Face Hub",
    hub_elsewhere="Hub at {endpoint_host}",
    account_named="{account}",
    account_unnamed="your account",
    token_named='the token "{token_name}"',
    token_of_source="the token from {token_source}",
    token_unnamed="your token",
    proxy_unnamed="on the way",
    usual_files="what a server reads (weights, configuration, tokenizer)",
    place_of_asker="{asker}'s setting {source}",
    valid_span="from {valid_from} to {valid_until}",
    hub_granted="The {hub} itself answered and granted access; only {host}, the host of the files, stands in the way.",
    file_host_refused="It did not hand out the files: it has a fault of its own just now, or a firewall answers for"
    " it.",
    no_file_host="What answered there is no host of the Hub's files: most often it is a firewall's or a proxy's own"
    " page.",
    never_asked="The Hub was never asked.",
    token_wanted="The {hub} gives this model only to those who sign in, and no token is set. An account is free; its"
    " token only opens downloads, and no text of yours goes to the Hub.",
    or_wrong_name="(Or the name is wrong: the Hub's answer is the same.)",
    may_read="Beyond what is public it may read: {readable_names} (an owner's name stands for all of its"
    " repositories).",
    may_read_nothing="It may read nothing beyond what is public.",
    files_lacking="The model is there, but it lacks files that are asked for.",
    no_gguf="The model is there, but it has no .gguf file at all.",
    untrusted_issuer='{host} showed a certificate signed by "{issuer}", which this container does not trust: most often'
    " that of a company's firewall that reads encrypted traffic.",
    clocks={
        "": "The certificate of {host} is not valid at the time that this machine's clock shows. Most likely the clock"
        " is wrong.",
        "behind": "The certificate of {host} is valid {valid_span}, and this machine's clock says {now}. Most likely"
        " the clock is behind.",
        "ahead": "The certificate of {host} is valid {valid_span}, and this machine's clock says {now}. Most likely"
        " the clock is ahead.",
        "expired": "The certificate of {host} is valid {valid_span}, and this machine's clock says {now}. Either the"
        " clock is ahead, or the certificate has expired.",
    },
    proxy_wants_password="The proxy {proxy_named} asks for a name and a password (407), and got none, or wrong ones.",
    next_request="as {who}, send the request for access on the model's page; its authors answer by hand",
    next_gguf="it has no .gguf file: name a GGUF version of it in {source}",
    next_issuer='set SSL_CERT_FILE to the CA certificate of "{issuer}"',
    next_clock="set the clock of the host right: {host}'s certificate is not valid by it",
    next_proxy_password="give the proxy its name and password, in {proxy_variable}",
    next_proxy={
        "dns": "correct or remove {proxy_variable}: its proxy {proxy} is not known by that name",
        "connect": "correct or remove {proxy_variable}: its proxy {proxy} cannot be reached",
        "timeout": "see whether the proxy {proxy} ({proxy_variable}) answers on this network",
        "beyond": "ask the network's administrators why the proxy {proxy} does not reach {host}",
    },
    next_token_file="create a new Hub token and put it into {token_file}",
    next_open_hosts="let the firewall pass {host}, port 443: only the files are blocked",
    go_on="To go on:",
    go_on_as="To go on, as {account}:",
    to_have_it_too="To have it as well:",
    create_token='create a token of type "Read" at {endpoint}/settings/tokens (sign in or sign up first)',
    create_token_again='create a new token of type "Read" at {endpoint}/settings/tokens',
    token_to_env="put it into the file .env beside the compose file, as the line:\nHF_TOKEN=hf_...",
    token_to_compose="make sure that the compose file hands it on: under the service's `environment:`"
    " (add that key only if it is missing; where it is a list: `- HF_TOKEN=${{HF_TOKEN:-}}`):\n"
    "environment:\n  HF_TOKEN: ${{HF_TOKEN:-}}",
    token_to_environment="set it as HF_TOKEN in the environment of this container",
    replace_token="put it in place of the old one: {old}",
    replace_token_in_env="put it in place of the old one: {old}, usually in the file .env beside the compose file"
    " (a value exported in your shell wins over .env)",
    replace_token_in_file="put it in place of the old one: replace the content of the file {token_file} (a path in the"
    " container)",
    replace_token_in_secret="put it in place of the old one, which comes from the secret {token_file}: on the host,"
    " replace the content of the file that the compose file names under `secrets:`",
    accept_terms='open {page} and press "Agree and access repository"',
    accept_terms_same_account='with the same account, open {page} and press "Agree and access repository"',
    request_access="open {page} and send the request for access (answered by hand)",
    request_access_same_account="with the same account, open {page} and send the request for access (answered by hand)",
    check_terms="see at {page} that {who} has accepted the terms",
    check_request="if nothing is to be pressed there: {endpoint}/settings/gated-repos shows whether a request of {who}"
    " awaits the authors' answer, or was rejected",
    tick_gated="either open {endpoint}/settings/tokens, edit {token} and tick"
    ' "Read access to contents of all public gated repos you can access" (the token itself stays the same),'
    " or create a new token that has this permission, at"
    " {endpoint}/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained"
    " and put it in place of the old one ({old})",
    check_name="see at {owner} (signed in) that {repo} is the right name; if it is not, correct it in {where}",
    add_repo="open {endpoint}/settings/tokens, edit {token} and add {repo} to the repositories that it may read"
    " (the token itself stays the same)",
    add_repos_or_read_token="either open {endpoint}/settings/tokens, edit {token} and add {repos} to the repositories"
    " that it may read (the token itself stays the same),"
    ' or create a token of type "Read", which reads all that {who} may read, and put it in place of the old one'
    " ({old})",
    add_private_repo="if the name is right and the model private: open {endpoint}/settings/tokens, edit"
    " {token} and add {repo} to the repositories that it may read",
    wait_for_authors="wait until {endpoint}/settings/gated-repos shows it as accepted (can take days)",
    ask_authors_or_other_account="either ask the authors at {page}/discussions and wait for their answer,"
    " or put the token of an account that has access in place of the old one ({old})",
    request_again="open {page} and send a new request",
    find_name="look the name up: {search}",
    find_name_of_owner="look the name up at {owner} or {search}",
    correct_name="correct it in {where}",
    owner_token="if the name is right and the model private: put a token of an account that may see it in"
    " place of the old one ({old})",
    private_needs_token="steps {first_step} to {last_step} only if the name is right and the model private: create a"
    ' token of type "Read", with an account that may see it, at {endpoint}/settings/tokens',
    see_revisions='see its branches and tags at {page}/tree/main (click "main" there)',
    correct_revision="name one of them in {where}, as in {repo}@main",
    see_files="see its files at {tree}",
    find_gguf="find a GGUF version of it: {search}&library=gguf",
    name_gguf="put its name into {where}, in place of {repo}",
    correct_patterns="correct the file names in {where}",
    correct_weights_file="correct llamacpp.llm_hf_model_file in PrivateGPT's settings",
    see_page="read the reason at {page}",
    other_model="name another model in {where}",
    sign_in_to_org="open {page}, signed in as {who}, and sign in with the organisation too, if it asks for that (SSO)",
    ask_admin="ask an administrator of {endpoint}/{organisation} to let {who} in, with {token} and from this network",
    ask_own_admin="or, if the rule is one of your own organisation ({org_names}): ask an administrator there",
    wait_pause="wait {pause} seconds",
    wait_pause_minutes="wait {minutes} minutes",
    wait_minutes="wait a few minutes",
    token_raises_limit="set a token (HF_TOKEN), if it happens again: the Hub allows more requests with one",
    hub_status="see how the Hub is doing at https://status.huggingface.co",
    try_host="try it on the host, outside of the container:\ncurl -I {address}",
    set_dns="if the host gets an answer, give the container a name server (this one, or your company's):"
    " in the compose file, under its service:\ndns: 1.1.1.1",
    set_dns_elsewhere="if the host gets an answer, give the container a name server that works",
    open_hosts="if a firewall stands in the way, let it pass port 443 to {hosts}",
    use_mirror="where this network lets nobody reach {host}: name a mirror of the Hub that you trust, as"
    " HF_ENDPOINT=https://mirror.example in the environment of this container (the token then goes to it)",
    set_proxy="if this network has a proxy, set {proxy_variable}=http://proxy:port in the environment of this"
    " container",
    check_proxy="see that the proxy {proxy} is right ({proxy_variable}) and passes {hosts}",
    correct_proxy="correct the proxy's address in {proxy_variable} (now {proxy}), or remove {proxy_variable} if this"
    " network needs no proxy",
    move_proxy="if the proxy runs on the host: inside a container, that address is the container itself. Name"
    " host.docker.internal in its place, let the proxy listen on more than the host's own 127.0.0.1, and add to the"
    " compose file, under this container's service:\n"
    'extra_hosts:\n  - "host.docker.internal:host-gateway"',
    resolve_proxy="if its name is right: give the container a name server that knows it (your company's), or write"
    " the proxy's IP address in place of the name",
    get_ca="get your company's CA certificate as a PEM file from its IT department (where only a part of"
    " the traffic is inspected: append it to a copy of /etc/ssl/certs/ca-certificates.crt)",
    get_ca_of='get the CA certificate of "{issuer}" as a PEM file from your company\'s IT department (where only a part'
    " of the traffic is inspected: append it to a copy of /etc/ssl/certs/ca-certificates.crt)",
    mount_ca="save it as company-ca.pem beside the compose file and add there, under this container's service"
    " (below keys that are there already, only the lines in them):\nenvironment:\n"
    "  SSL_CERT_FILE: /etc/ssl/company-ca.pem\nvolumes:\n  - ./company-ca.pem:/etc/ssl/company-ca.pem:ro",
    mount_ca_elsewhere="bring it into the container and set SSL_CERT_FILE to its path",
    see_clock="look at the clock of the host, which its containers share:\ndate -u",
    set_clock="set it right, best by network time (Docker Desktop: restart it, after sleep its clock can be behind):\n"
    "sudo timedatectl set-ntp true",
    renew_certificate="if the clock is right: renew the certificate of {host}",
    proxy_password="give the proxy the name and password that it asks for: {proxy_variable}=http://name:password@proxy:port",
    proxy_allow="ask the network's administrators to let the proxy pass {hosts}",
    proxy_bypass="or go past the proxy, where the network allows it: NO_PROXY={no_proxy}",
    proxy_bypass_too="or go past the proxy, where the network allows it: add to what {no_proxy_variable} lists already:"
    " {no_proxy}",
    open_address="open {address} in a browser on this network; if a sign-in page comes, sign in",
    check_endpoint="{endpoint} comes from HF_ENDPOINT: correct it, or remove it to ask the public Hub",
    check_page="open {page} while signed in; if it asks for something, accept it",
    look_up_words="else search the web for the words above, or ask at {page}/discussions",
    ask_about_refusal="else ask at {page}/discussions",
    start_again="{command}",
    recreate='start again (a mere "restart" does not see a changed .env or compose file):\n{command}',
    nothing_more="nothing more: this container asks again by itself, and goes on",
    nothing_more_but="nothing more: this container asks again by itself, and goes on. Only if you changed its"
    " environment (.env, compose file):\n{command}",
    without="Or do without it: {how}",
    without_named="Or do without {names}: {how}",
    without_in_ways="Or do without:",
    without_entry="remove {names} from {source};",
    or_optional="or move to ENTRYPOINT_OPTIONAL_MODELS what the server can start without;",
    or_fallback="or set ENTRYPOINT_FALLBACKS={pairs} to serve an open model instead.",
    without_optional_listed="remove the entry from {source}, and this message goes away.",
    without_listed_code="remove the model that runs this code from {source}.",
    without_other="name another model in {where}.",
    without_public_token="this model is public. Remove the token ({old}), and none is needed for it.",
    without_tokenizer_0x='set llm.tokenizer to "". Save `llm: {{tokenizer: ""}}` as settings-open.yaml,'
    ' mount that as /home/worker/app/settings-open.yaml and append ",open" to PGPT_PROFILES. PrivateGPT'
    " then counts with its built-in tokenizer.",
    without_tokenizer_1x='set tokenizer_mode of that model to "default": PrivateGPT then only estimates'
    " the count where it cannot have the tokenizer.",
    without_weights="name an open GGUF model: llamacpp.llm_hf_repo_id and llamacpp.llm_hf_model_file in a settings"
    " profile (with PGPT_PROFILES=docker: PGPT_HF_REPO_ID and PGPT_HF_MODEL_FILE), as Qwen/Qwen3-4B-GGUF with"
    " Qwen3-4B-Q4_K_M.gguf.",
    without_embedding="name an open embedding model: huggingface.embedding_hf_model_name in a settings profile (with"
    " PGPT_PROFILES=docker: PGPT_EMBEDDING_HF_MODEL_NAME), as BAAI/bge-small-en-v1.5, and its size in"
    " embedding.embed_dim (384 for that one); your documents must then be ingested again.",
    without_reranker="set rag.rerank.enabled to false in a settings profile.",
    without_code="name an embedding model that brings no code of its own:"
    " huggingface.embedding_hf_model_name in a settings profile, and its size in embedding.embed_dim; your"
    " documents must then be ingested again.",
    asking_again="{headline}; asking again in {duration}",
    going_on="access to {repos} is granted; going on",
    fallback_taken="{repo} was REFUSED ({verdict}): {fallback} takes its place, as ENTRYPOINT_FALLBACKS says."
    " To have what was asked for: {next} ({link}).",
    fallback_meanwhile="{repo} cannot be had at the moment ({verdict}): {fallback}, which an earlier start has fetched,"
    " is served in its place, as ENTRYPOINT_FALLBACKS says ({link}).",
    fallback_offline="{repo} is not in the cache, and HF_HUB_OFFLINE is set: {fallback}, which is there, is served in"
    " its place, as ENTRYPOINT_FALLBACKS says. To have what was asked for: start once without HF_HUB_OFFLINE.",
    nothing_downloaded="Nothing was downloaded.",
    nothing_downloaded_yet="Nothing was downloaded: that begins once all required models are granted.",
    something_kept="What had been downloaded is kept.",
    all_granted="Access to all models is granted.",
    starts_without="The server starts without what is optional.",
    exit_code="Exit code {exit_code}: {restart}.",
    restarts={
        64: "a restart alone won't help",
        69: "a restart helps, as soon as the Hub can be reached",
        70: "this is a defect of model-entrypoint, please report it; a restart alone won't help",
        73: "a restart alone won't help",
        74: "a restart alone won't help",
        75: "a restart helps, after a pause",
        76: "a restart alone won't help",
        77: "a restart alone won't help",
        78: "a restart alone won't help",
        126: "a restart alone won't help",
        127: "a restart alone won't help",
    },
    restart_after_review="a restart helps only once the authors have accepted",
    restart_after_request="send the request; once it is accepted, a restart is enough",
    restart_after_settings="a restart helps only if the settings above are right",
    restart_after_steps="a restart alone won't help; take the steps above first",
    restart_after_click="take the steps above first; then a restart is enough",
    restart_after_files="a restart helps, as soon as the files can be fetched",
    restart_after_fault="a restart helps, as soon as the Hub works again",
    waiting_for_access="Waiting for access; asking again by itself.",
    waiting_for_files="Waiting until the files can be fetched; trying again by itself.",
    waiting_for_hub="Waiting until the Hub answers; asking again by itself.",
    page_refusals="What the Hub can say about a model, when each answer is given, and what a person then"
    " reads. The names are stable: logs, the state file and the status page use them.",
    page_example="The examples show PrivateGPT 0.5, whose default setting `llm.tokenizer` names the gated"
    " `mistralai/Mistral-7B-Instruct-v0.2`, and, where a token is set, the account `alice` with the token"
    " `laptop`.",
    page_no_restart="A restart alone does not help.",
    page_restart="A restart helps.",
    page_no_exit="The start goes on.",
    page_waits="With `ENTRYPOINT_ON_REFUSAL=wait` the container waits.",
    page_waits_not="It is not waited for.",
    page_waits_for_file="With `ENTRYPOINT_ON_REFUSAL=wait` the container waits where the token comes from a file.",
    page_waits_for_clock="Only a wrong clock is waited for, with `ENTRYPOINT_ON_REFUSAL=wait`.",
    page_exit_codes="The codes are those of sysexits.h. Where several models are refused for different"
    " reasons, the first of {precedence} is taken: what a restart cannot heal is told first. A refused"
    " optional model changes nothing.",
    page_exit_note="Docker's restart policies do not tell exit codes apart. `restart: on-failure:3` ends"
    " after three attempts; `restart: always` would start a refused container for ever. Once the server"
    " runs, the exit code is its own.",
    exit_meanings={
        0: "done; `run` becomes the server, which then ends with its own code",
        64: "wrong usage: an unknown command or option",
        69: "the Hub could not be reached, or kept failing, until patience ended",
        70: "a defect of this program",
        73: "the cache cannot be written, or is too small",
        74: "what lies in the cache is damaged and could not be repaired",
        75: "interrupted for a passing reason: rate limit, deadline, a lock that was not freed",
        76: "something other than a Hub answered: a proxy's page, a captive portal, an untrusted certificate",
        77: "access refused: a person must act",
        78: "the settings are wrong: a bad model name, a token that cannot be one",
        126: "the server's command is not executable (checked before anything is downloaded)",
        127: "the server's command was not found (checked before anything is downloaded)",
    },
    exit_signal="ended by signal n",
    labels={
        "language": "English",
        "or": "Or:",
        "colon": ": ",
        "stop": ".",
        "refusals": "Refusals",
        "exit-codes": "Exit codes",
        "arises": "When",
        "exit-code": "Exit code",
        "code": "code",
        "meaning": "meaning",
        "restart": "does a restart help?",
        "verdicts": "refusals",
        "yes": "yes",
        "no": "no",
    },
)
