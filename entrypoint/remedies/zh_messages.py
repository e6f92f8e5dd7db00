"""Simplified Chinese for everything that is told besides refusals, by the English template that stands in the code.

Terms and typography are those of `zh`. Parts of sentences stand among the sentences that they complete, and are written
to fit there. What a person copies (variables, paths, commands) stays as it is.
"""

from __future__ import annotations

# What stands between the parts of an enumeration, or between two sentences.
SEPARATORS = {
    ", ": "、",
    "; ": "；",
    " and ": "和",
    " or ": " 或 ",
    " ": "",
}

_SETTINGS = {
    "{name} is {value!r}, which is not allowed.": "{name} 的值“{value}”不可用。",
    "Allowed is {allowed}.": "允许的值：{allowed}。",
    "set {name} to {allowed}, or remove it (default: {default})": (
        "把 {name} 改为：{allowed}；或者去掉它（默认值：{default}）"
    ),
    "/run/model-entrypoint, else a folder under /tmp, else one under /dev/shm": (
        "/run/model-entrypoint，其次是 /tmp 下的目录，再次是 /dev/shm 下的目录"
    ),
    "console on a terminal, else json": "在终端上为 console，否则为 json",
    "a number of seconds from 0 up to 31536000, such as 90": "秒数（从 0 到 31536000，例如 90）",
    "a number of seconds greater than 0 up to 31536000, such as 90": "秒数（大于 0，最大 31536000，例如 90）",
    "a whole number of seconds, such as 10": "整数秒（例如 10）",
    "a port number from 1 to 65535": "端口号（从 1 到 65535）",
    "an address that begins with http:// or https://": "以 http:// 或 https:// 开头的地址",
    "an address without ? and #": "不含 ? 和 # 的地址",
    "an http address such as http://127.0.0.1:8080/health (only http works: a server behind TLS is asked on its "
    "plain health port)": (
        "形如 http://127.0.0.1:8080/health 的 http 地址（只支持 http：如果服务使用 TLS，请填写它不加密的健康检查端口）"
    ),
    "an absolute path, without ~ and $NAME, such as /run/model-entrypoint": (
        "绝对路径（不含 ~ 和 $NAME，例如 /run/model-entrypoint）"
    ),
    "set {name}=https://{value}": "设置 {name}=https://{value}",
    "{name} is {value!r}, which cannot be a proxy.": "{name} 的值“{value}”不可能是代理的地址。",
    "Allowed is an address such as http://proxy:3128, with one of the schemes {schemes}.": (
        "允许的值：形如 http://proxy:3128 的地址，协议为 {schemes} 之一。"
    ),
    "correct {name}, or remove it": "更正 {name}，或者去掉它",
    "a password with one of @ : / # ? % in it takes their codes: %40 %3A %2F %23 %3F %25": (
        "如果密码中含有 @ : / # ? %，要写成相应的编码：%40 %3A %2F %23 %3F %25"
    ),
    "HF_ENDPOINT holds a user name or password: {address}": "HF_ENDPOINT 中含有用户名或密码：{address}",
    "An address is shown in logs; and the Hub client sends a password in it instead of the token.": (
        "地址会显示在日志里；而且 Hub 客户端会发送其中的密码，而不是令牌。"
    ),
    "remove them from HF_ENDPOINT, and give the mirror's token in HF_TOKEN": (
        "从 HF_ENDPOINT 中去掉它们，把镜像站的令牌写在 HF_TOKEN 中"
    ),
    "HF_ENDPOINT is {endpoint}: the token goes there without encryption.": (
        "HF_ENDPOINT 是 {endpoint} ：令牌会不加密地发送到那里。"
    ),
    "{name}: blanks or quotes around its value were removed.": "{name}：值两端的空白或引号已去掉。",
    "{name} is not a setting of this version; was {near} meant?": "{name} 不是本版本的配置项；是不是想写 {near}？",
    "{name} is not a setting of this version.": "{name} 不是本版本的配置项。",
    "{name} is {value!r}, which the Hub client takes for no; set it to 1 or 0.": (
        "{name} 的值是“{value}”，Hub 客户端会当作“否”；请设为 1 或 0。"
    ),
    "ENTRYPOINT_LANG is {value!r}; messages are in English.": "ENTRYPOINT_LANG 的值是“{value}”；消息将以英文显示。",
    "TRANSFORMERS_CACHE names {old}, but models go to {cache} (see {variable}); a server with transformers 4 looks "
    "in the former: unset it.": (
        "TRANSFORMERS_CACHE 指定的是 {old} ，而模型会放在 {cache}（见 {variable}）；"
        "使用 transformers 4 的服务会到前者中查找：请去掉这个变量。"
    ),
    "TRANSFORMERS_CACHE is an old name: {folder} is used as the Hub cache, and the server gets it as HF_HUB_CACHE; "
    "set HF_HUB_CACHE instead.": (
        "TRANSFORMERS_CACHE 是旧名称：{folder} 会用作 Hub 缓存，并以 HF_HUB_CACHE 的名称传给服务；请改设 HF_HUB_CACHE。"
    ),
    "{name} is not absolute; taken from the working directory it is {path}.": (
        "{name} 不是绝对路径；从工作目录算起是 {path} 。"
    ),
}

_CERTIFICATES = {
    "{name} names {path}, which does not exist.": "{name} 指定的 {path} 不存在。",
    "Without it no connection to the Hub can be trusted.": "没有它，与 Hub 的任何连接都无法信任。",
    "mount the certificate file at {path}": "把证书文件挂载到 {path}",
    "or correct or remove {name}": "或者更正 {name}，或者去掉它",
    "{name} names {path}, which cannot be read by this container's user (uid {uid}, gid {gid}): {error}.": (
        "{name} 指定的 {path} 无法由本容器的用户（uid {uid}，gid {gid}）读取：{error}。"
    ),
    "mount a readable certificate file at {path} (on the host: chmod 0444)": (
        "把可读的证书文件挂载到 {path}（在宿主机上：chmod 0444）"
    ),
    "or remove {name}": "或者去掉 {name}",
    "{name} names {path}, which holds no certificate in PEM form.": "{name} 指定的 {path} 中没有 PEM 格式的证书。",
    "It looks like a certificate in binary (DER) form.": "它看起来是二进制（DER）格式的证书。",
    "convert it: openssl x509 -inform der -in {path} -out ca.pem": (
        "转换格式：openssl x509 -inform der -in {path} -out ca.pem"
    ),
    "put the certificate, from -----BEGIN CERTIFICATE----- on, into that file": (
        "把证书从 -----BEGIN CERTIFICATE----- 一行开始写入该文件"
    ),
    "SSL_CERT_DIR names a folder that cannot be read. {troubles}.": "SSL_CERT_DIR 指定的目录无法读取。{troubles}。",
    "mount the folder of certificates there": "把存放证书的目录挂载到那里",
    "or correct or remove SSL_CERT_DIR": "或者更正 SSL_CERT_DIR，或者去掉它",
    "SSL_CERT_DIR names {folder}, where OpenSSL finds no certificate: it looks for names such as 5ed36f99.0; run "
    "openssl rehash on the folder, or set SSL_CERT_FILE.": (
        "SSL_CERT_DIR 指定的是 {folder} ，而 OpenSSL 在其中找不到证书：它要找的是形如 5ed36f99.0 的文件名；"
        "对该目录运行 openssl rehash，或者改设 SSL_CERT_FILE。"
    ),
}

_TOKENS = {
    "{source} and {others} hold different tokens; {source} is used.": (
        "{source} 与 {others} 中的令牌不同；使用的是 {source} 中的令牌。"
    ),
    "{name} and {file_name} are both set.": "同时设置了 {name} 和 {file_name}。",
    "Which of the two is meant cannot be known.": "无从知道要用的是哪一个。",
    "remove {name} or {file_name}": "去掉 {name} 或 {file_name}",
    "{source} holds no token; going on without it.": "{source} 中没有令牌；继续启动，不使用它。",
    "{source} does not exist; looking elsewhere for a token.": "{source} 不存在；改到别处查找令牌。",
    "{trouble} Going on without it.": "{trouble}继续启动，不使用它。",
    "{name} names no file: there is no / in its value.": "{name} 指定的不是文件：它的值中没有 /。",
    "It takes the path of a file that holds the token. If it is the token itself, HF_TOKEN takes that.": (
        "它的值应是存放令牌的文件的路径。如果填的是令牌本身，应写在 HF_TOKEN 中。"
    ),
    "set {name} to the file's whole path": "把 {name} 设为该文件的完整路径",
    "or remove {name} and set HF_TOKEN": "或者去掉 {name}，改设 HF_TOKEN",
    "The token file {path}, which {name} names, {trouble}.": "{name} 指定的令牌文件 {path} {trouble}。",
    "The token file {path} {trouble}.": "令牌文件 {path} {trouble}。",
    "or put the token itself into {name}": "或者把令牌本身写在 {name} 中",
    "is a directory": "是一个目录",
    "remove the directory {path} on the host, put the token into a file of that name, create the container anew: "
    "where a file is missing, Docker makes a directory": (
        "在宿主机上删除目录 {path} ，把令牌写入同名的文件，再重新创建容器：如果要挂载的文件不存在，Docker 会建一个目录"
    ),
    "is not a regular file": "不是普通文件",
    "put the token into a regular file": "把令牌写入一个普通文件",
    "is larger than {limit} KiB": "大于 {limit} KiB",
    "put the token, and nothing else, into the file": "文件中只写令牌，不写别的内容",
    "is not UTF-8 text": "不是 UTF-8 文本",
    "write the file anew as UTF-8 (Windows PowerShell: Set-Content -Encoding ascii)": (
        "以 UTF-8 编码重新写入该文件（Windows PowerShell：Set-Content -Encoding ascii）"
    ),
    "does not exist": "不存在",
    "mount the file at {path}, or correct the path": "把文件挂载到 {path} ，或者更正路径",
    "may not be read by this container's user (uid {uid}, gid {gid})": "不允许本容器的用户（uid {uid}，gid {gid}）读取",
    "may not be read by this container's user (uid {uid}, gid {gid}; the file belongs to {owner}, mode {mode})": (
        "不允许本容器的用户（uid {uid}，gid {gid}；文件属于 {owner}，权限 {mode}）读取"
    ),
    "on the host, for the file that is mounted at {path}: chown {uid}:{gid}, or chmod 0444": (
        "在宿主机上，对挂载到 {path} 的文件执行：chown {uid}:{gid}，或 chmod 0444"
    ),
    "cannot be read ({error})": "无法读取（{error}）",
    "check what is mounted at {path}": "检查挂载到 {path} 的是什么",
    "{source}: {what} around the token were removed.": "{source}：令牌两端的{what}已去掉。",
    "blanks or invisible characters": "空白或不可见字符",
    "quotes": "引号",
    'the word "Bearer"': "“Bearer”一词",
    "{source} holds a placeholder, not a token.": "{source} 中是占位文字，不是令牌。",
    "An example was copied, or a reference to a variable was not expanded.": (
        "可能是照抄了示例，或者对变量的引用没有展开。"
    ),
    "create a token with read access: https://huggingface.co/settings/tokens": (
        "创建一个有读取权限的令牌：https://huggingface.co/settings/tokens"
    ),
    "put it into {source}, or leave that blank if no model needs a token": (
        "把它写在 {source} 中；如果没有模型需要令牌，就留空"
    ),
    "{source} holds something that cannot be a token: {trouble}.": "{source} 中的内容不可能是令牌：{trouble}。",
    "Nothing was sent to the Hub.": "没有向 Hub 发送任何内容。",
    "put the token alone into {source}, as https://huggingface.co/settings/tokens shows it": (
        "在 {source} 中只写令牌本身，与 https://huggingface.co/settings/tokens 显示的一致"
    ),
    "it is {length} characters long": "它有 {length} 个字符",
    'it begins with "{name}="': "它以“{name}=”开头",
    "there are blanks or line breaks inside": "其中有空白或换行",
    "there are characters in it that are not ASCII": "其中有非 ASCII 字符",
    "there are control characters in it": "其中有控制字符",
    "there are characters in it that no token of the Hub has": "其中有 Hub 的令牌不会有的字符",
    "{source}: the token does not begin with hf_; is it one of another service?": (
        "{source}：令牌不以 hf_ 开头；是不是其他服务的令牌？"
    ),
    "huggingface.access_token in PrivateGPT's settings": "PrivateGPT 的配置项 huggingface.access_token",
}

_COMMAND = {
    "No command was given to hand over to.": "没有给出服务的启动命令。",
    "An ENTRYPOINT in a derived image resets the CMD of its base image to nothing.": (
        "派生镜像中的 ENTRYPOINT 会清空基础镜像的 CMD。"
    ),
    "give the server's command: CMD in the Dockerfile, command: in compose, or after run --": (
        "给出服务的启动命令：Dockerfile 中的 CMD、compose 文件中的 command:，或写在 run -- 之后"
    ),
    "The command {command} cannot be executed by user {user}.": "用户 {user} 无法执行命令 {command} 。",
    "It is a folder, or lacks the execute permission.": "它是一个目录，或者没有执行权限。",
    "chmod +x {command} in the image, or name another command": "在镜像中执行 chmod +x {command} ，或者换用其他命令",
    "The command {command} was not found in {folder}.": "在 {folder} 中找不到命令 {command} 。",
    "The command {command} was not found on PATH ({path}).": "在 PATH 中找不到命令 {command}（PATH 的值：{path}）。",
    "Nothing was downloaded.": "未下载任何文件。",
    "check the CMD of the Dockerfile, or command: in compose": "检查 Dockerfile 中的 CMD，或 compose 文件中的 command:",
    "The command {command} could not be started: {error}.": "命令 {command} 无法启动：{error}。",
    "It may be built for another architecture, or for another C library.": "它可能是为其他架构或其他 C 库编译的。",
    "run it by hand in the image: docker run --rm -it --entrypoint sh IMAGE": (
        "在镜像中手动运行它：docker run --rm -it --entrypoint sh IMAGE"
    ),
    "The command {command} is a script without an interpreter line.": "命令 {command} 是一个没有解释器行的脚本。",
    'begin the script with a line like "#!/bin/sh"': "在脚本开头加上“#!/bin/sh”这样的一行",
    "or start it by name: sh {command}": "或者指明解释器来启动：sh {command}",
    "The command {command} is a script whose lines end as on Windows.": (
        "命令 {command} 是一个脚本，其换行符是 Windows 格式的。"
    ),
    "The carriage return counts as part of the name {interpreter}. Nothing was downloaded.": (
        "回车符会被当作名称 {interpreter} 的一部分。未下载任何文件。"
    ),
    "save the script with Unix line ends": "以 Unix 换行符保存脚本",
    "and keep them: *.sh text eol=lf in .gitattributes": "并保持不变：在 .gitattributes 中写上 *.sh text eol=lf",
    "The command {command} is a script for {interpreter}, which does not exist here.": (
        "命令 {command} 是由 {interpreter} 解释的脚本，而这里没有该解释器。"
    ),
    "The command {command} is a script for {interpreter}, which cannot be executed.": (
        "命令 {command} 是由 {interpreter} 解释的脚本，而该解释器无法执行。"
    ),
    "chmod +x {interpreter} in the image": "在镜像中执行 chmod +x {interpreter}",
    "The working directory of this container does not exist any more.": "本容器的工作目录已经不存在。",
    "A folder that was mounted there has been removed.": "挂载到那里的目录已被删除。",
    "create the container again: docker compose up -d --force-recreate": (
        "重新创建容器：docker compose up -d --force-recreate"
    ),
}

_CACHE = {
    "The cache folder {folder} is on a read-only file system.": "缓存目录 {folder} 位于只读文件系统上。",
    "The models are not complete in it, so they have to be fetched.": "其中的模型不完整，必须下载。",
    'mount a writable volume there: in compose, "volumes: - models:{folder}"': (
        "在那里挂载可写的卷：在 compose 文件中写上“volumes: - models:{folder}”"
    ),
    "or fill the volume once with a container that may write to it (model-entrypoint prefetch)": (
        "或者用一个有写入权限的容器先填充该卷（model-entrypoint prefetch）"
    ),
    "The cache folder {folder} cannot be used: {error}.": "缓存目录 {folder} 无法使用：{error}。",
    "{path} is not a folder.": "{path} 不是目录。",
    "{path} is a symlink that leads to no folder.": "{path} 是符号链接，但没有指向任何目录。",
    "check the volume that is mounted there": "检查挂载到那里的卷",
    "or set HF_HOME to a folder on a writable volume": "或者把 HF_HOME 设为可写的卷上的目录",
    "The cache folder {folder} cannot be written by this container's user {user}.": (
        "本容器的用户 {user} 无法写入缓存目录 {folder} 。"
    ),
    "{error}; {folder} belongs to {owner}.": "{error}；{folder} 属于 {owner}。",
    "give the folder to that user, on the host or in a root container:\n{command}": (
        "在宿主机上，或在以 root 运行的容器中，把该目录交给这个用户：\n{command}"
    ),
    'or run the container as the owner of the folder: in compose, user: "{owner}"': (
        '或者以该目录所有者的身份运行容器：在 compose 文件中写上 user: "{owner}"'
    ),
    "The file system of the cache folder {folder} has no inodes left: it takes no more files.": (
        "缓存目录 {folder} 所在的文件系统已没有可用的 inode，无法再存放文件。"
    ),
    "Each file and folder needs one, however small it is; free bytes do not help.": (
        "每个文件和目录无论大小都要占用一个；还有空闲的字节也没有用。"
    ),
    "delete files that nobody needs there, or mount another volume": "删除那里不再需要的文件，或者挂载其他卷",
    "start the container again": "重新启动容器",
    "The cache folder {folder} has {free} free; {needed} are needed.": "缓存目录 {folder} 只剩 {free}；需要 {needed}。",
    "The largest models in it: {models}.": "其中最大的模型：{models}。",
    "free some space or mount a larger volume there": "腾出一些空间，或者在那里挂载更大的卷",
    "start the container again: what has arrived is kept": "重新启动容器：已经下载的内容会保留",
    "{repo}: no receipt could be written: {error}": "{repo}：无法写入校验记录：{error}",
    "{repo} lies in the cache without a receipt; offline it cannot be proved.": (
        "{repo} 在缓存中，但没有校验记录；离线时无法校验。"
    ),
    "The server starts without {missing}.": "服务会启动，但缺少：{missing}。",
    "HF_HUB_OFFLINE is set, and the cache is damaged: {names}.": "设置了 HF_HUB_OFFLINE，而缓存已损坏：{names}。",
    "HF_HUB_OFFLINE is set, but the cache lacks: {names}.": "设置了 HF_HUB_OFFLINE，但缓存中缺少：{names}。",
    "{asked} (for {source}): {faults}": "{asked}（来自 {source}）：{faults}",
    "{asked} (for {source}): {faults} and {more} more": "{asked}（来自 {source}）：{faults} 等（另有 {more} 个）",
    "{path} ({reason})": "{path}（{reason}）",
    "every file": "所有文件",
    "all of {folder}": "{folder} 中的全部内容",
    "is not what the Hub published": "与 Hub 发布的内容不一致",
    "cannot be read by user {user}": "用户 {user} 无法读取",
    "cannot be read: {error}": "无法读取：{error}",
    "is no name of a file": "不是文件名",
    "Looked for in {folders}.": "查找的位置：{folders} 。",
    "start once without HF_HUB_OFFLINE, or fill the volume elsewhere with: model-entrypoint prefetch": (
        "去掉 HF_HUB_OFFLINE 启动一次，或者在别处用这条命令填充该卷：model-entrypoint prefetch"
    ),
}

_NEEDS = {
    '{variable} holds "{entry}", which names no model: it {fault}.': (
        "{variable} 中的“{entry}”不是模型的名称：{fault}。"
    ),
    "Correct {variable}: org/name[@revision][:glob[,glob...]], with blanks between entries.": (
        "更正 {variable}：org/name[@revision][:glob[,glob...]]，各项之间用空白隔开。"
    ),
    "is blank": "它是空白的",
    "is a placeholder, not a name: a setting or variable was never filled in": (
        "它是占位文字，不是名称；某个配置项或变量一直没有填写"
    ),
    "looks like an access token; a token belongs in HF_TOKEN": "它看起来是令牌；令牌应写在 HF_TOKEN 中",
    "holds a placeholder that was never filled in": "其中有一直没有填写的占位符",
    "has more than one slash": "其中的斜杠多于一个",
    "lacks a part before or after the slash": "斜杠之前或之后缺少内容",
    "has a part of more than {limit} characters": "其中有一部分超过 {limit} 个字符",
    "may hold only letters, digits, '-', '_' and '.' beside one slash": "除一个斜杠外，只能有字母、数字、“-”、“_”和“.”",
    "may not hold '--' or '..'": "其中不能有“--”或“..”",
    "may not begin or end with '-' or '.'": "不能以“-”或“.”开头或结尾",
    "may not end with '.git'": "不能以“.git”结尾",
    "names no revision": "没有写明版本",
    "has a revision of more than 255 characters": "其中的版本超过 255 个字符",
    "has a revision that git would not accept ('{revision}')": "其中的版本是 git 不接受的（“{revision}”）",
    "has an empty pattern": "其中有空的文件名模式",
    "has a pattern with control characters": "其中的文件名模式含有控制字符",
    "has a pattern that leaves the repo's folder ('{pattern}')": "其中的文件名模式超出了仓库的目录（“{pattern}”）",
    "has ':' or '@' in a pattern ('{pattern}'): between entries stands a blank": (
        "文件名模式（“{pattern}”）中有“:”或“@”；各项之间应当用空白隔开"
    ),
    "ends in a comma after its patterns: no blank belongs between patterns, no comma between entries": (
        "它的文件名模式以逗号结尾；文件名模式之间不能有空白，各项之间不能有逗号"
    ),
    "has no name before the ':'": "“:”之前没有名称",
    "has '{pattern}' among its patterns, which looks like a model: put a blank before it instead of the comma, or "
    "a '*' behind it if it is a pattern": (
        "它的文件名模式中的“{pattern}”看起来是一个模型；请把它前面的逗号换成空白；如果它确实是文件名模式，"
        "请在它后面加上“*”"
    ),
    "is not a readable address": "它不是能读懂的地址",
    "is an address of another host: write org/name, and the address of the Hub into HF_ENDPOINT": (
        "它是其他主机的地址；请写 org/name，并把 Hub 的地址写在 HF_ENDPOINT 中"
    ),
    "is the Hub's own address": "它是 Hub 本身的地址",
    "is a page of the Hub's {section}, not of a model": "它是 Hub 的 {section} 页面，不是模型的页面",
    "has a comma in an address: put a blank between entries": "地址中有逗号；各项之间应当用空白隔开",
    "is the address of a file, but names no file": "它是文件的地址，却没有写明是哪个文件",
    "A model's name is none: {error}": "模型的名称无效：{error}",
    "{repo} offers {count} GGUF files and {source} does not say which one.": (
        "{repo} 中有 {count} 个 GGUF 文件，而 {source} 没有写明用哪一个。"
    ),
    "They are: {files}": "可选的有：{files}",
    "They are: {files} ...": "可选的有：{files} 等",
    "name one, as in {source}={repo}:{pattern}": "写明其中一个，例如 {source}={repo}:{pattern}",
    "any file that a server reads": "服务要读取的文件",
    "{asked} matches nothing; the repo has {files}": "{asked}：仓库中没有匹配的文件，只有 {files}",
    "{asked} matches nothing; the repo has {files} and {more} more": (
        "{asked}：仓库中没有匹配的文件，只有 {files} 等（另有 {more} 个）"
    ),
    "{asked} matches nothing; the repo has no files": "{asked}：仓库中没有任何文件",
    "ENTRYPOINT_MODELS is not set, and no PrivateGPT was found to ask for its models.": (
        "没有设置 ENTRYPOINT_MODELS，也没有找到可以询问的 PrivateGPT。"
    ),
    "{files} lies in {folder} without a receipt: it is used as it is.": (
        "{folder} 中已有 {files}，但没有校验记录：将原样使用。"
    ),
}

_PRIVATEGPT = {
    "PrivateGPT's settings do not load: {trouble}": "PrivateGPT 的配置无法加载：{trouble}",
    "no Python interpreter was found to read PrivateGPT's settings with": (
        "没有找到可用来读取 PrivateGPT 配置的 Python 解释器"
    ),
    "PrivateGPT's settings did not load within {limit} seconds": "PrivateGPT 的配置在 {limit} 秒内没有加载完",
    "{interpreter} gave no answer: {ending}": "{interpreter} 没有给出结果：{ending}",
    "it said nothing, and ended with {exit_code}": "它没有任何输出，以 {exit_code} 结束",
    "PrivateGPT's settings have a shape that is not known here: name its models in ENTRYPOINT_MODELS.": (
        "PrivateGPT 的配置结构是本程序不认识的：请在 ENTRYPOINT_MODELS 中写明它的模型。"
    ),
    'PrivateGPT\'s {source} is "{repo}": it {fault}. It is left out.': (
        "PrivateGPT 的 {source} 是“{repo}”：{fault}。已略过它。"
    ),
    "{path} is a folder: Docker makes one where a file that is not there is mounted.": (
        "{path} 是一个目录：如果要挂载的文件不存在，Docker 会建一个目录。"
    ),
    "{path} cannot be read: {error}.": "{path} 无法读取：{error}。",
    "{path} is no GGUF file, and will be replaced.": "{path} 不是 GGUF 文件，将被替换。",
    "is a pattern, where the server opens one file of that name": (
        "它是文件名模式，而服务只会打开一个名称完全相同的文件"
    ),
    "cannot be the path of a file in a repo": "它不可能是仓库中文件的路径",
    'PrivateGPT\'s setting {setting} is "{value}", with which nothing can be fetched: it {fault}.': (
        "PrivateGPT 的配置项 {setting} 是“{value}”，无法据此下载：{fault}。"
    ),
    "Correct {setting} in PrivateGPT's settings (settings.yaml, or a profile that PGPT_PROFILES names).": (
        "在 PrivateGPT 的配置中更正 {setting}（settings.yaml，或 PGPT_PROFILES 指定的配置文件）。"
    ),
    'Or do without it: set llm.tokenizer to "" in a settings profile.': (
        '也可以不用它：在 settings 配置文件中把 llm.tokenizer 设为 ""。'
    ),
}

_FALLBACKS = {
    '{variable} holds "{entry}", which is no fallback: it {fault}.': (
        "{variable} 中的“{entry}”不是有效的替代项：{fault}。"
    ),
    "{variable} holds two fallbacks for {repo}, where one can be taken.": (
        "{variable} 中为 {repo} 写了两个替代模型，只能有一个。"
    ),
    "{variable} holds a chain: {first}, and {second}. A fallback has no fallback of its own.": (
        "{variable} 中有连环的替代：{first}，又有 {second}。替代模型不能再有替代模型。"
    ),
    "Correct {variable}: gated/repo=open/repo[@revision][:glob[,glob...]], with blanks between entries.": (
        "更正 {variable}：gated/repo=open/repo[@revision][:glob[,glob...]]，各项之间用空白隔开。"
    ),
    "lacks the '=' between the model that may be refused and the one to take in its place": (
        "可能被拒绝的模型与替代它的模型之间缺少“=”"
    ),
    "has more than one '=': between entries stands a blank": "其中的“=”多于一个；各项之间应当用空白隔开",
    "has nothing {side} the '='": "“=”{side}没有内容",
    "needs one model {side} the '=', not {count}": "“=”{side}应当有一个模型，而不是 {count} 个",
    "before": "之前",
    "after": "之后",
    "has a revision or patterns before the '=': a fallback stands in for the whole model": (
        "“=”之前写有版本或文件名模式；替代模型代替的是整个模型"
    ),
    "has the same model on both sides of the '='": "“=”的两边是同一个模型",
    "{variable} has a fallback for {repo}, which nothing here asks for. Asked for: {names}.": (
        "{variable} 中为 {repo} 写了替代模型，但这里不需要它。需要的模型：{names}。"
    ),
    "no model": "无",
    "What was ingested with {refused} will not be found with {chosen}: its vectors come from another model, and "
    "may have another size (embedding.embed_dim). Ingest the documents again, into an empty vector store.": (
        "用 {refused} 导入的内容，用 {chosen} 是检索不到的：向量来自不同的模型，维度（embedding.embed_dim）也可能不同。"
        "请清空向量库，重新导入文档。"
    ),
    "{variable} has {fallback} for {repo}, but {asker} would not use it. {reason}": (
        "{variable} 中为 {repo} 指定了 {fallback}，但 {asker} 不会使用它。{reason}"
    ),
    "Its name stands in the config.json of another model, whose code it holds.": (
        "它的名称写在另一个模型的 config.json 中，存放的是那个模型的代码。"
    ),
    "It opens one file, which {variable} must name: {entry}:<file>.gguf, without * and ? (of a model in several "
    "files, the first).": (
        "它只会打开一个文件，必须在 {variable} 中写明：{entry}:<file>.gguf，不能用 * 和 ?（模型分成多个文件时，"
        "写第一个）。"
    ),
    "It reads the branch main of a model, not {revision}. Write {entry} into {variable}.": (
        "它读取的是模型的 main 分支，不是 {revision}。请在 {variable} 中写 {entry}。"
    ),
    "With it, its settings do not load: {trouble}": "改用之后，它的配置无法加载：{trouble}",
    "No variable that is set decides about its {source} with {active}. Write {fallback} there in PrivateGPT's "
    "settings.": (
        "按目前的设置（{active}），没有变量能决定它的 {source}。请在 PrivateGPT 的配置中把它改为 {fallback}。"
    ),
    "Its {source} does not read {variable} with {active}; settings-docker.yaml does. In the profile that is used, "
    "set {lines}.": (
        "按目前的设置（{active}），它的 {source} 不读取 {variable}，而 settings-docker.yaml 会读取。"
        "请在所用的配置文件中设置：{lines}。"
    ),
    "{name} to {value}": "{name} 设为 {value}",
    "no PGPT_PROFILES": "没有设置 PGPT_PROFILES",
}

_START = {
    "No folder for the state file can be written; the healthcheck sees only the server. Set ENTRYPOINT_STATE_DIR, "
    "or mount a tmpfs on /run/model-entrypoint.": (
        "没有可写的目录来存放状态文件；健康检查只能看到服务本身。请设置 ENTRYPOINT_STATE_DIR，"
        "或者在 /run/model-entrypoint 挂载 tmpfs。"
    ),
    "The server starts without the optional models: {verdicts}": "服务会启动，但缺少可选的模型：{verdicts}",
    "The server starts without the optional models: {name}: {what}": "服务会启动，但缺少可选的模型：{name}：{what}",
    "This is a mistake in model-entrypoint itself: {kind}.": "这是 model-entrypoint 自身的缺陷：{kind}。",
    "The details are in {file}; please send them with your report.": "详细信息在 {file} 中；报告问题时请一并附上。",
    "The details: {details}": "详细信息：{details}",
    "start again; if it comes back, report it at the project's issue tracker": (
        "重新启动；如果再次出现，请在本项目的问题跟踪页面上报告"
    ),
}

_TRANSFER = {
    "The deadline of {seconds} s passed {what}.": "{what}，超过了 {seconds} 秒的期限。",
    "while the Hub was asked": "询问 Hub 时",
    "while the files in the cache were proved": "校验缓存中的文件时",
    "while access to {repo} was waited for ({verdict})": "等待 {repo} 的访问权限时（{verdict}）",
    "start again: what has arrived whole is kept": "重新启动：已经完整下载的文件会保留",
    "or raise ENTRYPOINT_DEADLINE_SECONDS": "或者调大 ENTRYPOINT_DEADLINE_SECONDS",
    "The deadline passed with {size} in {count} files still to come.": (
        "已到期限，还有 {count} 个文件（共 {size}）没有下载完。"
    ),
    "Missing: {files}": "缺少：{files}",
    "Missing: {files} ...": "缺少：{files} 等",
    "The last interruption was: {reason}": "最近一次中断的原因：{reason}",
    "Another container on this volume was still fetching the same model when the deadline passed.": (
        "到期限时，使用同一个卷的另一个容器仍在下载同一个模型。"
    ),
    "start again later": "稍后重新启动",
    "{repo}: {path} arrived with another hash than published, again and again.": (
        "{repo}：{path} 下载后的哈希值与发布的不一致，多次重试仍是如此。"
    ),
    "Something between the Hub and this disk changes the bytes: a proxy, a mirror, or the disk itself.": (
        "在 Hub 与磁盘之间有什么改动了内容：代理、镜像站，或者磁盘本身。"
    ),
    "try another network or mirror than {endpoint}": "换用其他网络，或换用 {endpoint} 以外的镜像站",
    "check the disk under the cache folder": "检查缓存目录所在的磁盘",
    "The transfer came to nothing {count} times in a row: {trouble}.": "下载连续 {count} 次毫无进展：{trouble}。",
    "{size} are still to come.": "还有 {size} 没有下载。",
    "check the network, the proxy, and the memory limit": "检查网络、代理和内存限制",
    "no byte came for {duration}": "在 {duration} 内没有收到任何数据",
    "the worker was killed, as happens when memory runs out": "下载进程被强制终止，通常是因为内存不足",
    "the worker died ({cause})": "下载进程意外结束（{cause}）",
    "the worker died ({cause}: {last})": "下载进程意外结束（{cause}：{last}）",
    "signal {name}": "信号 {name}",
    "exit code {exit_code}": "退出码 {exit_code}",
    "The process that fetches could not be started: {error}.": "下载进程无法启动：{error}。",
    "Containers have limits on processes, memory and open files.": "容器对进程数、内存和打开的文件数有限制。",
    "or raise the limits: in compose, pids_limit, mem_limit and ulimits": (
        "或者调大这些限制：compose 文件中的 pids_limit、mem_limit 和 ulimits"
    ),
}

MESSAGES = {
    **_SETTINGS,
    **_CERTIFICATES,
    **_TOKENS,
    **_COMMAND,
    **_CACHE,
    **_NEEDS,
    **_PRIVATEGPT,
    **_FALLBACKS,
    **_START,
    **_TRANSFER,
}
