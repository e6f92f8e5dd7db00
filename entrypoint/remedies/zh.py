"""Simplified Chinese: every sentence that a person reads, and nothing else. `wording` says what each is for.

The Hub's pages are in English only, so what is to be pressed or ticked there stays as it is. Names of verdicts,
variables and addresses stay, too; an address is followed by a blank, or a terminal would take the next character to be
a part of it.
"""

# ruff: noqa: S106 - sentences about tokens, none of which is one

from __future__ import annotations

from entrypoint.remedies.wording import Said, Wording

_VERDICTS = {
    "granted": Said(
        arises="Hub 列出了该仓库，并且允许此令牌（或任何人）读取其中的文件。",
        means="已获得访问权限。",
        next="已获得访问权限",
    ),
    "token-missing": Said(
        arises="返回 401，错误码为 `GatedRepo`，或者仓库是对所有人可见的，且请求未携带令牌。",
        means="这是受限（gated）模型：只有接受了作者条款的账号才能下载它的文件。"
        "当前没有设置令牌，{hub}无从知道是谁在请求。注册账号是免费的；令牌只用于下载，你的任何文本都不会发送到 Hub。",
        next="创建一个 Hub 令牌，设为 HF_TOKEN，并在模型页面上接受条款",
    ),
    "token-invalid": Said(
        arises="携带令牌的请求返回 401，且 `whoami` 也不认识该令牌。",
        means="{hub}不接受{token}：它已过期、已被删除或更换，或者没有复制完整。"
        "只要设置了无效的令牌，连公开模型也会被拒绝。",
        next="创建新的 Hub 令牌，替换原来的令牌（{old}）",
    ),
    "token-expired": Said(
        arises="携带令牌的请求返回 401，且 Hub 说明该令牌已过期。",
        means="{token}已过有效期。",
        next="创建新的 Hub 令牌，替换已过期的令牌（{old}）",
    ),
    "token-lacks-gated-scope": Said(
        arises="受限仓库返回 403 且没有错误码；`whoami` 表明这是一个无权读取受限仓库的 fine-grained 令牌，"
        "或者 Hub 的回复这样说明。",
        means="fine-grained 令牌需要一项单独的权限才能读取受限模型，而{token}没有这项权限。",
        next="在 {endpoint}/settings/tokens 允许该令牌读取公开的受限仓库",
    ),
    "token-lacks-repo-scope": Said(
        arises="返回 403（对于账号自己的或其所在组织的仓库也可能是 404），且 `whoami` 表明这是一个 fine-grained 令牌，"
        "其权限范围中既没有该仓库，也没有它的所有者。",
        means="fine-grained 令牌只能读取创建时指定的内容，而{token}不包括这个模型。",
        next="在 {endpoint}/settings/tokens 把该模型加入令牌可读取的范围",
    ),
    "terms-not-accepted": Said(
        arises="返回 403，错误码为 `GatedRepo`，且 Hub 的回复中没有其他原因。",
        means="这是受限（gated）模型：只有接受了作者条款的账号才能下载它的文件，而{who}不在其中。",
        next="用{who}登录模型页面，点击“Agree and access repository”",
    ),
    "review-pending": Said(
        arises="返回 403，错误码为 `GatedRepo`，且 Hub 说明申请正在等待审核。",
        means="作者尚未答复{who}的访问申请。由作者而不是 Hub 决定：等待有用，重启没用。",
        next="等待作者答复{who}的申请",
    ),
    "review-rejected": Said(
        arises="返回 403，错误码为 `GatedRepo`，且 Hub 说明申请已被拒绝。",
        means="作者拒绝了{who}的访问申请。",
        next="联系模型作者，或换用其他账号、其他模型",
    ),
    "access-reset": Said(
        arises="返回 403，错误码为 `GatedRepo`，且 Hub 说明访问权限已被重置。",
        means="作者重置了{who}的访问申请；可以重新申请。",
        next="用{who}登录模型页面，重新提交申请",
    ),
    "repo-not-found": Said(
        arises="携带有效令牌的请求返回 404，错误码为 `RepoNotFound`。",
        means="{hub}上没有{who}能看到的同名模型：名称有误、模型已被删除，或者它是私有的。",
        next="更正 {source} 中的名称，或使用模型所有者的令牌",
    ),
    "repo-missing-or-private": Said(
        arises="返回 401 或 404，错误码不是 `GatedRepo`，且请求未携带令牌。",
        means="名称有误、模型已被删除，或者它是私有的：没有令牌时，Hub 不会说明是哪一种。",
        next="更正 {source} 中的名称；如果模型是私有的，请设置 HF_TOKEN",
    ),
    "revision-not-found": Said(
        arises="返回 404，错误码为 `RevisionNotFound`。",
        means="模型存在，但没有名为“{revision}”的分支、标签或提交。",
        next="更正 {source} 中的版本“{revision}”",
    ),
    "file-not-found": Said(
        arises="返回 404，错误码为 `EntryNotFound`；或者仓库中没有与要求匹配的文件。",
        means="模型存在，但其中没有与此匹配的文件：{wanted}。",
        next="更正文件名，没有与此匹配的文件：{wanted}",
    ),
    "repo-disabled": Said(
        arises="Hub 显示该仓库已停用，或者回复“Access to this resource is disabled.”",
        means="Hub 已停用该模型，任何人都无法访问。",
        next="在 {source} 中换用其他模型",
    ),
    "org-policy": Said(
        arises="返回 403，且 Hub 提到组织的规定（单点登录、令牌需经批准、限定网络）；或者账号是组织成员，"
        "其令牌也足以读取该仓库。",
        means="访问很可能是被组织 {organisation} 的规定拦住了：单点登录（SSO）、令牌需经批准，或只允许某些网络。",
        next="联系 {organisation} 的管理员",
    ),
    "rate-limited": Said(
        arises="重试之后仍返回 429。",
        means="Hub 认为来自该账号或地址的请求过多，要求暂停一会儿。",
        next="等待几分钟",
    ),
    "hub-error": Said(
        arises="重试之后仍返回 408 或 5xx；或者文件所在的主机一直拒绝 Hub 已经批准的请求。",
        means="{hub}自身暂时出现故障。你的配置没有问题。",
        next="等待几分钟",
    ),
    "hub-unreachable": Said(
        arises="没有任何应答：域名无法解析，连接被拒绝或中断，或者迟迟等不到应答。",
        means="{host} 没有应答。",
        next="检查本容器的网络：无法连接 {host}",
    ),
    "tls-untrusted": Said(
        arises="TLS 握手失败：证书在这里不受信任，或者按本机时钟不在有效期内。",
        means="{host} 没有出示本容器信任的证书：最常见的原因是公司防火墙会解密流量，出示的是它自己的证书。",
        next="把公司的 CA 证书放入容器，并设置 SSL_CERT_FILE",
    ),
    "proxy-refused": Said(
        arises="返回 407，或者代理拒绝建立连接。代理返回的 403 绝不会被当作 Hub 的答复。",
        means="代理拒绝让本容器连接 {host}（代理：{proxy_named}）。",
        next="请网络管理员让代理放行 {host}",
    ),
    "not-a-hub": Said(
        arises="应答不带 Hub 的特征（`X-Error-*`、JSON），通常是一个 HTML 页面。",
        means="{endpoint} 有应答，但对方不是 Hub：最常见的是网络的登录页面，或代理自己的页面。",
        next="在这个网络的浏览器中打开 {endpoint} 看看是谁在应答",
    ),
    "refused": Said(
        arises="其他任何拒绝：原样显示 Hub 的回复。",
        means="{hub}拒绝了请求，原因是本程序不认识的。",
        next="登录后打开模型页面；如果页面有要求，请接受",
    ),
}

_TROUBLES = {
    "": "{host} 没有应答。",
    "dns": "域名 {host} 无法解析：本容器找不到认识它的 DNS 服务器。",
    "connect": "无法连接 {host}：通常是被防火墙拦截，或者必须经过代理。",
    "timeout": "{host} 没有及时应答：通常是防火墙丢弃了数据包，或者网络太慢。",
    "tls": "无法与 {host} 建立安全连接。",
    "clock": "无法与 {host} 建立安全连接：按本机时钟，证书不在有效期内。",
    "proxy": "代理没有放行发往 {host} 的请求（代理：{proxy_named}）。",
    "reset": "与 {host} 的连接被切断：通常是途中的防火墙或代理所为。",
    "other": "无法连接 {host}。",
}

_PROXY_FAULTS = {
    "dns": "{proxy_variable} 所设代理 {proxy} 的域名无法解析；请求根本没有发往 {host}。",
    "connect": "无法连接 {proxy_variable} 所设的代理 {proxy}；请求根本没有发往 {host}。",
    "timeout": "通过 {proxy_variable} 所设的代理 {proxy} 没有及时得到应答："
    "要么代理本身无法连接，要么它得不到 {host} 的应答。",
    "beyond": "{proxy_variable} 所设的代理 {proxy} 有应答，但它连接不上 {host}。",
}

CHINESE = Wording(
    verdicts=_VERDICTS,
    troubles=_TROUBLES,
    proxy_faults=_PROXY_FAULTS,
    uses={
        "listed": "",
        "weights": "在你自己的机器上生成回答",
        "embedding": "在你自己的机器上为文档建立检索索引",
        "tokenizer": "用于统计 token 数；你的文本不会发送到任何地方",
        "reranker": "在你自己的机器上对检索结果排序",
        "code": "其中指定的模型会运行它的代码",
    },
    sentence_separator="",
    list_separator="、",
    and_more="{names} 等（另有 {left} 个）",
    asks="{asker} 需要它：配置项 {source}。",
    asks_for_use="{asker} 需要它：配置项 {source}（{what_for}）。",
    asks_listed="{source} 中列出了它。",
    asks_listed_in_compose="{source} 中列出了它（通常写在 compose 文件的 `environment:` 之下）。",
    asks_listed_code="{source} 中的一个模型需要它（会运行其中的代码）。",
    optional="（可选：没有它服务也会启动）",
    knows_account="{hub}识别到的账号是“{account}”",
    knows_account_by="{hub}识别到的账号是“{account}”（{parts}）",
    saw_token="{hub}收到了来自 {token_source} 的令牌",
    saw_no_token="{hub}没有收到令牌",
    by_token="使用来自 {token_source} 的 {role}令牌“{token_name}”",
    token_quoted="令牌“{token_name}”",
    from_source="来自 {token_source}",
    roles={"read": "read 类型", "write": "write 类型", "fineGrained": "fine-grained 类型"},
    answered="{whom}，返回 {answer}。",
    answered_quoting="{whom}，返回 {answer}：“{message}”",
    answered_password="{whom}，返回 {answer}：“{message}”（没有有效令牌时它就这样回复，与密码无关）",
    answered_nothing="{whom}，随后没有应答。",
    somebody_answered="返回的状态码是 {status}。",
    somebody_answered_quoting="返回的是 {status}：“{message}”",
    network_said="错误信息：“{message}”",
    files_found="其中有：{files}。",
    files_more="其中有：{files} 等（另有 {files_left} 个文件）。",
    link="详细说明：{link}",
    hub_public="Hugging Face Hub ",
    hub_elsewhere="Hub（{endpoint_host}）",
    account_named="账号“{account}”",
    account_unnamed="你的账号",
    token_named="令牌“{token_name}”",
    token_of_source="来自 {token_source} 的令牌",
    token_unnamed="你的令牌",
    proxy_unnamed="地址未知",
    usual_files="服务要读取的文件（权重、配置、分词器）",
    place_of_asker="{asker} 的配置项 {source}",
    valid_span="{valid_from} 至 {valid_until}",
    hub_granted="{hub}本身已经应答，并且授予了访问权限；问题只出在存放文件的主机 {host} 上。",
    file_host_refused="它没有交出文件：可能是它自己暂时出现故障，也可能是防火墙代它作了答复。",
    no_file_host="在那里应答的并不是存放 Hub 文件的主机：最常见的是防火墙或代理自己的页面。",
    never_asked="请求根本没有到达 Hub。",
    token_wanted="{hub}只向已登录的用户提供这个模型，而当前没有设置令牌。注册账号是免费的；令牌只用于下载，"
    "你的任何文本都不会发送到 Hub。",
    or_wrong_name="（也可能是名称有误：两种情况下 Hub 的回复相同。）",
    may_read="除公开内容外，它可以读取：{readable_names}（所有者的名称代表其全部仓库）。",
    may_read_nothing="除公开内容外，它什么都不能读取。",
    files_lacking="模型存在，但缺少所要求的文件。",
    no_gguf="模型存在，但其中没有任何 .gguf 文件。",
    untrusted_issuer="{host} 出示的证书由“{issuer}”签发，而本容器不信任该签发者：最常见的原因是公司防火墙会解密流量。",
    clocks={
        "": "按本机时钟显示的时间，{host} 的证书不在有效期内。最可能是时钟不准。",
        "behind": "{host} 的证书有效期为 {valid_span}，而本机时钟显示 {now}。最可能是时钟慢了。",
        "ahead": "{host} 的证书有效期为 {valid_span}，而本机时钟显示 {now}。最可能是时钟快了。",
        "expired": "{host} 的证书有效期为 {valid_span}，而本机时钟显示 {now}。要么时钟快了，要么证书已经过期。",
    },
    proxy_wants_password="代理要求用户名和密码（407），但没有收到，或者收到的不对（代理：{proxy_named}）。",
    next_request="用{who}登录模型页面，提交访问申请，由作者人工审核",
    next_gguf="它没有 .gguf 文件：在 {source} 中填写它的 GGUF 版本",
    next_issuer="把 SSL_CERT_FILE 设为“{issuer}”的 CA 证书",
    next_clock="校准宿主机的时钟：按它的时间，{host} 的证书不在有效期内",
    next_proxy={
        "dns": "更正或去掉 {proxy_variable}：无法解析其中代理 {proxy} 的域名",
        "connect": "更正或去掉 {proxy_variable}：无法连接其中的代理 {proxy}",
        "timeout": "查看代理 {proxy}（{proxy_variable}）在这个网络中是否有应答",
        "beyond": "请网络管理员查看代理 {proxy} 为何连接不上 {host}",
    },
    next_proxy_password="在 {proxy_variable} 中写上代理的用户名和密码",
    next_token_file="创建新的 Hub 令牌，写入 {token_file}",
    next_open_hosts="让防火墙放行 {host} 的 443 端口：只有文件下载被拦住了",
    go_on="解决办法：",
    go_on_as="解决办法（使用账号“{account}”）：",
    to_have_it_too="如果也想使用它：",
    create_token="在 {endpoint}/settings/tokens 创建一个“Read”类型的令牌（Access Token；需先登录或注册）",
    create_token_again="在 {endpoint}/settings/tokens 创建一个新的“Read”类型的令牌",
    token_to_env="写入与 compose 文件同目录的 .env 文件，加上这一行：\nHF_TOKEN=hf_...",
    token_to_compose="确认 compose 文件会把它传给容器：写在该服务的 `environment:` 之下"
    "（没有这个键时才添加；如果是列表写法，则为 `- HF_TOKEN=${{HF_TOKEN:-}}`）：\n"
    "environment:\n  HF_TOKEN: ${{HF_TOKEN:-}}",
    token_to_environment="在本容器的环境变量中把它设为 HF_TOKEN",
    replace_token="用它替换原来的令牌：{old}",
    replace_token_in_env="用它替换原来的令牌：{old}，通常写在与 compose 文件同目录的 .env 文件中"
    "（如果 shell 中也导出了同名变量，则以 shell 中的为准）",
    replace_token_in_file="用它替换原来的令牌：改写文件 {token_file} 的内容（这是容器内的路径）",
    replace_token_in_secret="用它替换原来的令牌；原令牌来自 secret（{token_file}）：在宿主机上改写 compose 文件的"
    " `secrets:` 所指文件的内容",
    accept_terms="打开 {page} ，点击“Agree and access repository”",
    accept_terms_same_account="用同一个账号打开 {page} ，点击“Agree and access repository”",
    request_access="打开 {page} ，提交访问申请（由作者人工审核）",
    request_access_same_account="用同一个账号打开 {page} ，提交访问申请（由作者人工审核）",
    check_terms="打开 {page} ，确认{who}已经接受条款",
    check_request="如果页面上没有可点击的按钮：在 {endpoint}/settings/gated-repos 查看{who}的申请"
    "是在等待审核，还是已被拒绝",
    tick_gated="打开 {endpoint}/settings/tokens ，编辑{token}，勾选"
    "“Read access to contents of all public gated repos you can access”（令牌本身不变）；"
    "或者另建一个已勾选这项权限的令牌："
    "{endpoint}/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained"
    " ，并用它替换原来的令牌（{old}）",
    check_name="登录后打开 {owner} ，确认 {repo} 这个名称无误；如果有误，请在 {where} 中改正",
    add_repo="打开 {endpoint}/settings/tokens ，编辑{token}，把 {repo} 加入它可以读取的仓库（令牌本身不变）",
    add_repos_or_read_token="打开 {endpoint}/settings/tokens ，编辑{token}，把 {repos} 加入它可以读取的仓库"
    "（令牌本身不变）；或者另建一个“Read”类型的令牌（{who}能读取的它都能读取），用它替换原来的令牌（{old}）",
    add_private_repo="如果名称无误而模型是私有的：打开 {endpoint}/settings/tokens ，编辑{token}，"
    "把 {repo} 加入它可以读取的仓库",
    wait_for_authors="等到 {endpoint}/settings/gated-repos 显示申请已获批准（可能需要几天）",
    ask_authors_or_other_account="在 {page}/discussions 联系作者并等待答复；"
    "或者换用一个有访问权限的账号的令牌，替换原来的令牌（{old}）",
    request_again="打开 {page} ，重新提交申请",
    find_name="查找正确的名称：{search}",
    find_name_of_owner="查找正确的名称：{owner} 或 {search}",
    correct_name="在 {where} 中更正",
    owner_token="如果名称无误而模型是私有的：换用一个能看到它的账号的令牌，替换原来的令牌（{old}）",
    private_needs_token="第 {first_step} 至 {last_step} 步只在名称无误而模型是私有的时候需要："
    "用一个能看到它的账号，在 {endpoint}/settings/tokens"
    " 创建一个“Read”类型的令牌",
    see_revisions="在 {page}/tree/main 查看它的分支和标签（点击“main”）",
    correct_revision="在 {where} 中填写其中之一，例如 {repo}@main",
    see_files="在 {tree} 查看它的文件",
    find_gguf="查找它的 GGUF 版本：{search}&library=gguf",
    name_gguf="把找到的名称写入 {where}，替换 {repo}",
    correct_patterns="在 {where} 中更正文件名",
    correct_weights_file="在 PrivateGPT 的配置中更正 llamacpp.llm_hf_model_file",
    see_page="在 {page} 查看原因",
    other_model="在 {where} 中换用其他模型",
    sign_in_to_org="用{who}登录并打开 {page} ；如果组织要求单点登录（SSO），一并完成",
    ask_admin="请 {endpoint}/{organisation} 的管理员允许{who}用{token}从这个网络访问",
    ask_own_admin="如果这是你自己所在组织（{org_names}）的规定：请联系那里的管理员",
    wait_pause="等待 {pause} 秒",
    wait_pause_minutes="等待 {minutes} 分钟",
    wait_minutes="等待几分钟",
    token_raises_limit="如果再次发生，请设置令牌（HF_TOKEN）：有令牌时 Hub 允许更多的请求",
    hub_status="在 https://status.huggingface.co 查看 Hub 的运行状况",
    try_host="在宿主机上（容器之外）试一下：\ncurl -I {address}",
    set_dns="如果宿主机上有应答，请给容器指定 DNS 服务器（下面这个，或公司的）："
    "在 compose 文件中该服务的下面：\ndns: 1.1.1.1",
    set_dns_elsewhere="如果宿主机上有应答，请给容器指定一个可用的 DNS 服务器",
    open_hosts="如果被防火墙拦截，请放行以下主机的 443 端口：{hosts}",
    use_mirror="如果所在网络根本无法访问 {host}，可以在本容器的环境变量中设置一个你信任的 Hub 镜像："
    "HF_ENDPOINT=https://mirror.example （令牌随后会发送给该镜像）",
    set_proxy="如果这个网络需要代理，请在本容器的环境变量中设置 {proxy_variable}=http://proxy:port",
    check_proxy="确认代理 {proxy} 正确（{proxy_variable}），并且放行 {hosts}",
    correct_proxy="更正 {proxy_variable} 中的代理地址（现为 {proxy}）；如果这个网络不需要代理，就去掉 {proxy_variable}",
    move_proxy="如果代理运行在宿主机上：在容器中，这个地址指的是容器自己。请改用 host.docker.internal，"
    "让代理不只监听宿主机的 127.0.0.1，并在 compose 文件中该服务的下面加上：\n"
    'extra_hosts:\n  - "host.docker.internal:host-gateway"',
    resolve_proxy="如果域名没有写错：给容器指定能解析它的 DNS 服务器（公司的），或者改写为代理的 IP 地址",
    get_ca="向公司 IT 部门索取 CA 证书（PEM 文件；如果只有部分流量被解密，请把它追加到"
    " /etc/ssl/certs/ca-certificates.crt 的副本末尾）",
    get_ca_of="向公司 IT 部门索取“{issuer}”的 CA 证书（PEM 文件；如果只有部分流量被解密，请把它追加到"
    " /etc/ssl/certs/ca-certificates.crt 的副本末尾）",
    mount_ca="保存为与 compose 文件同目录的 company-ca.pem，并在其中该服务的下面加上（键已存在时，只加其下的行）：\n"
    "environment:\n  SSL_CERT_FILE: /etc/ssl/company-ca.pem\nvolumes:\n  -"
    " ./company-ca.pem:/etc/ssl/company-ca.pem:ro",
    mount_ca_elsewhere="把它放入容器，并将 SSL_CERT_FILE 设为它的路径",
    see_clock="查看宿主机的时钟（容器与它共用）：\ndate -u",
    set_clock="校准它，最好启用网络对时（Docker Desktop：重启即可，休眠之后它的时钟可能会慢）：\n"
    "sudo timedatectl set-ntp true",
    renew_certificate="如果时钟没有问题：更新 {host} 的证书",
    proxy_password="写上代理要求的用户名和密码：{proxy_variable}=http://name:password@proxy:port",
    proxy_allow="请网络管理员让代理放行 {hosts}",
    proxy_bypass="或者在网络允许的情况下绕过代理：NO_PROXY={no_proxy}",
    proxy_bypass_too="或者在网络允许的情况下绕过代理：在 {no_proxy_variable} 原有内容的后面加上 {no_proxy}",
    open_address="在这个网络的浏览器中打开 {address} ，如果出现登录页面，请登录",
    check_endpoint="{endpoint} 来自 HF_ENDPOINT：请更正；去掉它则会使用公共的 Hub",
    check_page="登录后打开 {page} ；如果页面有要求，请接受",
    look_up_words="否则在网上搜索上面 Hub 的原话，或者在 {page}/discussions 询问作者",
    ask_about_refusal="否则在 {page}/discussions 询问作者",
    start_again="执行 {command}",
    recreate="重新启动（只用 restart 不会读取 .env 或 compose 文件的改动）：\n{command}",
    nothing_more="不用再做什么：本容器会自动重新询问并继续",
    nothing_more_but="不用再做什么：本容器会自动重新询问并继续。"
    "只有改动了它的环境（.env、compose 文件）时才需要：\n{command}",
    without="也可以不用它：{how}",
    without_named="也可以不用 {names}：{how}",
    without_in_ways="如果不想使用该模型，也可以：",
    without_entry="从 {source} 中删去 {names}；",
    or_optional="或者，如果服务没有它也能启动，就移到 ENTRYPOINT_OPTIONAL_MODELS；",
    or_fallback="或者设置 ENTRYPOINT_FALLBACKS={pairs} ，改用无需授权的模型。",
    without_optional_listed="从 {source} 中删去这一项，就不会再出现这条消息。",
    without_listed_code="从 {source} 中删去运行这些代码的模型。",
    without_other="在 {where} 中换用其他模型。",
    without_public_token="这个模型是公开的。去掉令牌（{old}）即可，下载它不需要令牌。",
    without_tokenizer_0x='把 llm.tokenizer 设为 ""：将 `llm: {{tokenizer: ""}}` 存为 settings-open.yaml，挂载为'
    ' /home/worker/app/settings-open.yaml ，并在 PGPT_PROFILES 末尾加上 ",open"。'
    "之后 PrivateGPT 会用自带的分词器计数。",
    without_tokenizer_1x='把该模型的 tokenizer_mode 设为 "default"：拿不到分词器时，PrivateGPT 只会估算 token 数。',
    without_weights="换用无需授权的 GGUF 模型：在 settings 配置文件中设置 llamacpp.llm_hf_repo_id 和"
    " llamacpp.llm_hf_model_file（PGPT_PROFILES=docker 时为 PGPT_HF_REPO_ID 和 PGPT_HF_MODEL_FILE），"
    "例如 Qwen/Qwen3-4B-GGUF 和 Qwen3-4B-Q4_K_M.gguf。",
    without_embedding="换用无需授权的嵌入模型：在 settings 配置文件中设置 huggingface.embedding_hf_model_name"
    "（PGPT_PROFILES=docker 时为 PGPT_EMBEDDING_HF_MODEL_NAME），例如 BAAI/bge-small-en-v1.5，并在"
    " embedding.embed_dim 中设置它的维度（该模型为 384）；之后需要重新导入文档。",
    without_reranker="在 settings 配置文件中把 rag.rerank.enabled 设为 false。",
    without_code="换用不带自有代码的嵌入模型：在 settings 配置文件中设置 huggingface.embedding_hf_model_name，并在"
    " embedding.embed_dim 中设置它的维度；之后需要重新导入文档。",
    asking_again="{headline}；{duration} 后再次询问",
    going_on="已获得 {repos} 的访问权限，继续启动",
    fallback_taken="{repo} 被拒绝（{verdict}）：按照 ENTRYPOINT_FALLBACKS，改用 {fallback}。"
    "要用回原来的模型：{next}（{link}）。",
    fallback_meanwhile="{repo} 暂时无法获取（{verdict}）：按照 ENTRYPOINT_FALLBACKS，"
    "先由以前下载好的 {fallback} 代替它提供服务（{link}）。",
    fallback_offline="缓存中没有 {repo}，并且设置了 HF_HUB_OFFLINE：按照 ENTRYPOINT_FALLBACKS，"
    "由缓存中已有的 {fallback} 代替它提供服务。要用回原来的模型：去掉 HF_HUB_OFFLINE 启动一次。",
    nothing_downloaded="未下载任何文件。",
    nothing_downloaded_yet="未下载任何文件：所有必需的模型都获得授权后才开始下载。",
    something_kept="已经下载的内容会保留。",
    all_granted="所有模型都已获得访问权限。",
    starts_without="服务会启动，但缺少可选的模型。",
    exit_code="退出码 {exit_code}：{restart}。",
    restarts={
        64: "只重启容器无法解决",
        69: "能够连接 Hub 之后，重启有用",
        70: "这是 model-entrypoint 自身的缺陷，请报告；只重启容器无法解决",
        73: "只重启容器无法解决",
        74: "只重启容器无法解决",
        75: "等一会儿之后，重启有用",
        76: "只重启容器无法解决",
        77: "只重启容器无法解决",
        78: "只重启容器无法解决",
        126: "只重启容器无法解决",
        127: "只重启容器无法解决",
    },
    restart_after_review="作者同意之后，重启才有用",
    restart_after_request="请先提交申请；作者同意之后，重启即可",
    restart_after_settings="上述设置无误时，重启才有用",
    restart_after_steps="只重启容器无法解决，请先完成上述步骤",
    restart_after_click="请先完成上述步骤，之后重启即可",
    restart_after_files="文件可以下载之后，重启有用",
    restart_after_fault="Hub 恢复正常之后，重启有用",
    waiting_for_access="正在等待访问权限，会自动重新询问。",
    waiting_for_files="正在等待文件可以下载，会自动重试。",
    waiting_for_hub="正在等待 Hub 应答，会自动重新询问。",
    page_refusals="Hub 对一个模型可能作出的各种答复、各自出现的条件，以及使用者随后看到的内容。这些名称是固定的：日志、"
    "状态文件和状态页面都使用它们。",
    page_example="示例中的 PrivateGPT 0.5 默认用 `llm.tokenizer` 指定受限模型 `mistralai/Mistral-7B-Instruct-v0.2`；"
    "设置了令牌的示例使用账号 `alice` 和令牌 `laptop`。",
    page_no_restart="只重启容器无法解决。",
    page_restart="重启有用。",
    page_no_exit="启动继续进行。",
    page_waits="设置了 `ENTRYPOINT_ON_REFUSAL=wait` 时，容器会等待。",
    page_waits_not="不会等待。",
    page_waits_for_file="设置了 `ENTRYPOINT_ON_REFUSAL=wait` 且令牌来自文件时，容器会等待。",
    page_waits_for_clock="设置了 `ENTRYPOINT_ON_REFUSAL=wait` 时，只有时钟错误会等待。",
    page_exit_codes="这些退出码取自 sysexits.h。如果几个模型因不同原因被拒绝，取 {precedence} 中最先出现的一个："
    "重启解决不了的原因优先说明。可选模型被拒绝不影响退出码。",
    page_exit_note="Docker 的重启策略不区分退出码。`restart: on-failure:3` 最多尝试三次；`restart: always` 会让被拒绝的"
    "容器无休止地重启。服务运行起来以后，退出码由它自己决定。",
    exit_meanings={
        0: "完成；`run` 变成服务进程，之后以它自己的退出码结束",
        64: "用法错误：未知的命令或选项",
        69: "无法连接 Hub，或者它一直出错，直到不再等待",
        70: "本程序的缺陷",
        73: "缓存无法写入，或者空间不足",
        74: "缓存中的内容已损坏，且无法修复",
        75: "因暂时的原因中断：请求限流、超过期限、锁没有释放",
        76: "应答的不是 Hub：代理的页面、网络登录页面、不受信任的证书",
        77: "访问被拒绝：需要有人处理",
        78: "配置有误：模型名称不对，或者令牌不可能有效",
        126: "服务的启动命令无法执行（在下载之前检查）",
        127: "找不到服务的启动命令（在下载之前检查）",
    },
    exit_signal="被信号 n 终止",
    labels={
        "language": "中文",
        "or": "或者：",
        "colon": "：",
        "stop": "。",
        "refusals": "拒绝的种类",
        "exit-codes": "退出码",
        "arises": "出现条件",
        "exit-code": "退出码",
        "code": "退出码",
        "meaning": "含义",
        "restart": "重启有用吗？",
        "verdicts": "拒绝",
        "yes": "有用",
        "no": "没有用",
    },
)
