//! Every error code: its HTTP status, and in two languages its title, cause and remedy.

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $title:literal $zh:literal
       $cause:literal $remedy:literal $cause_zh:literal $remedy_zh:literal;)*) => {
        /// A kind of problem. Codes never change their meaning and are never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant),* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// `PX-nnnn`.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $code),* } }
            /// HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }
            /// Title in English.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title),* } }
            /// Title in Simplified Chinese.
            #[must_use]
            pub const fn title_zh(self) -> &'static str { match self { $(Self::$variant => $zh),* } }
            /// Why it happens.
            #[must_use]
            pub const fn cause(self) -> &'static str { match self { $(Self::$variant => $cause),* } }
            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str { match self { $(Self::$variant => $remedy),* } }
            /// Why it happens, in Simplified Chinese.
            #[must_use]
            pub const fn cause_zh(self) -> &'static str { match self { $(Self::$variant => $cause_zh),* } }
            /// What to do about it, in Simplified Chinese.
            #[must_use]
            pub const fn remedy_zh(self) -> &'static str { match self { $(Self::$variant => $remedy_zh),* } }
            /// Why it happens and what to do, for `explain`.
            #[must_use]
            pub const fn explain(self) -> &'static str { match self { $(Self::$variant => concat!($cause, " ", $remedy)),* } }
        }
    };
}

codes! {
    // 00xx: any request
    Internal "PX-0001" 500 "Something failed on our side" "服务内部错误"
        "The server met a fault it did not expect. Nothing was changed."
        "Try again; if it stays, give the request id to the operator."
        "服务器遇到意料之外的故障，未做任何更改。"
        "请重试；若仍出现，请将请求编号提供给运维人员。";
    Unavailable "PX-0002" 503 "A part of the service is away" "服务暂时不可用"
        "The database, the bundle store or another part does not answer."
        "Try again after the time in Retry-After; `GET /readyz` says which part it is."
        "数据库、插件包存储或其他组件没有响应。"
        "请在 Retry-After 指定的时间后重试；`GET /readyz` 会指出是哪个组件。";
    NotFound "PX-0003" 404 "There is no such thing" "未找到"
        "The address or id names nothing you may see."
        "Check the spelling and whether it belongs to your tenant or publisher."
        "该地址或编号不存在，或不在您的可见范围内。"
        "请检查拼写，并确认其属于您的租户或发布者。";
    MalformedBody "PX-0004" 400 "The request body cannot be read" "请求内容无法解析"
        "The body is not valid JSON, or not of the expected content type."
        "The detail names line and column; mend the body there and send it again."
        "请求内容不是有效的 JSON，或内容类型不符。"
        "详情指出了行与列，请在该处修正后重新发送。";
    InvalidField "PX-0005" 422 "A field is not acceptable" "字段无效"
        "A field has a value that is not allowed."
        "Each entry of `errors` names a field by JSON pointer, what is wrong with it and how to mend it."
        "某个字段的值不被允许。"
        "`errors` 中的每一项以 JSON 指针指出字段、问题及修改方法。";
    TooLarge "PX-0006" 413 "The request is larger than allowed" "请求过大"
        "The request is larger than this address takes."
        "Send less; the limit is in `current`, and `GET /api/v1/limits` lists all limits."
        "请求大小超过该地址的上限。"
        "请减少内容；上限见 `current`，全部限制见 `GET /api/v1/limits`。";
    TooMany "PX-0007" 429 "Too many requests" "请求过于频繁"
        "This token or address sent more requests than it may in this time."
        "Wait for the seconds in Retry-After."
        "该令牌或地址在单位时间内的请求过多。"
        "请等待 Retry-After 指定的秒数。";
    IdempotencyReused "PX-0008" 409 "An idempotency key was used for another request" "幂等键已用于其他请求"
        "The same `Idempotency-Key` or `publishRequestId` came before with another body."
        "Use a fresh key for a new request."
        "相同的 `Idempotency-Key` 或 `publishRequestId` 曾用于不同内容的请求。"
        "新请求请使用新的键。";
    PreconditionFailed "PX-0009" 412 "It was changed in the meantime" "内容已被修改"
        "The `If-Match` value is not the current one: somebody changed it since you read it."
        "Read it again, then repeat your change."
        "`If-Match` 的值已过时：在您读取之后内容被他人修改。"
        "请重新读取后再次修改。";
    PreconditionRequired "PX-0010" 428 "An If-Match header is needed" "缺少 If-Match"
        "This change could overwrite somebody else's."
        "Send the ETag you read in `If-Match`."
        "该修改可能覆盖他人的更改。"
        "请在 `If-Match` 中发送读取时得到的 ETag。";
    MethodNotAllowed "PX-0011" 405 "This address does not take that method" "不支持的请求方法"
        "The address exists, but not for this HTTP method."
        "See the OpenAPI file at `/openapi.json` for the methods of each address."
        "该地址存在，但不支持此 HTTP 方法。"
        "各地址支持的方法见 `/openapi.json`。";
    UnsupportedMedia "PX-0012" 415 "The content type is not supported" "不支持的内容类型"
        "The body has a content type that this address does not read."
        "Send `application/json`, or `application/offset+octet-stream` for uploads."
        "该地址不接受此内容类型。"
        "请发送 `application/json`；上传请使用 `application/offset+octet-stream`。";
    // 01xx: identity
    Unauthenticated "PX-0101" 401 "Sign in, or send a token" "请先登录"
        "The request carries no valid identity."
        "Sign in, or send `Authorization: Bearer …`; `px-plugin login` stores a token."
        "请求中没有有效的身份信息。"
        "请登录，或发送 `Authorization: Bearer …`；`px-plugin login` 可保存令牌。";
    TokenExpired "PX-0102" 401 "The token has expired or was revoked" "令牌已过期或被撤销"
        "The token was valid once, but has expired or was revoked."
        "Ask for a new one: `px-plugin login`, or the OAuth2 client-credentials endpoint."
        "令牌曾经有效，现已过期或被撤销。"
        "请获取新令牌：`px-plugin login`，或 OAuth2 客户端凭据接口。";
    Forbidden "PX-0103" 403 "You may not do this" "没有权限"
        "Your account or token lacks the role or scope named in the detail."
        "Ask somebody who manages roles for it."
        "您的账号或令牌缺少详情中指出的角色或范围。"
        "请联系负责分配角色的管理员。";
    BadCredentials "PX-0104" 401 "Name or password is wrong" "用户名或密码错误"
        "No account has this name and password."
        "Check both; after five wrong tries the account waits for a minute."
        "没有与之匹配的用户名和密码。"
        "请检查两者；连续五次错误后需等待一分钟。";
    CsrfMismatch "PX-0105" 403 "The form has expired" "表单已过期"
        "The page was open too long, or the form came from another site."
        "Load the page again and repeat."
        "页面打开时间过长，或表单来自其他网站。"
        "请重新加载页面后再试。";
    OAuthInvalidClient "PX-0106" 401 "The OAuth2 client is not known or its secret is wrong" "OAuth2 客户端无效"
        "No client has this id and secret."
        "Check both; secrets are shown once when the client is made."
        "没有与该 ID 和密钥匹配的客户端。"
        "请检查两者；密钥仅在创建客户端时显示一次。";
    OAuthUnsupportedGrant "PX-0107" 400 "This grant type is not supported" "不支持的授权类型"
        "Only `grant_type=client_credentials` is offered (RFC 6749 section 4.4)."
        "Send that grant type."
        "仅支持 `grant_type=client_credentials`（RFC 6749 第 4.4 节）。"
        "请使用该授权类型。";
    // 02xx: publishing
    PublishDisabled "PX-0201" 503 "Publishing is closed at the moment" "发布功能已关闭"
        "The operator has set PX_MARKET_PUBLISH_ENABLED=0. Versions already submitted are not affected."
        "Try again later, or ask the operator."
        "运维人员已设置 PX_MARKET_PUBLISH_ENABLED=0；已提交的版本不受影响。"
        "请稍后重试，或联系运维人员。";
    VersionExists "PX-0202" 409 "This version exists already" "该版本已存在"
        "A version's bytes never change, and this number is taken; `current` shows the version that is there."
        "Raise the version number and publish again."
        "版本内容不可更改，且该版本号已被占用；`current` 显示现有版本。"
        "请提高版本号后重新发布。";
    VersionNotNewer "PX-0203" 409 "The version is not newer than the listed one" "版本号不高于已上架版本"
        "On one channel versions only go up; `current` names the newest."
        "Choose a higher number."
        "同一渠道内版本号只能递增；`current` 为当前最新版本。"
        "请使用更高的版本号。";
    PluginOwned "PX-0204" 403 "The plugin belongs to another publisher" "该插件属于其他发布者"
        "Plugin ids belong to the publisher who registered them first."
        "Choose an id under your own domain."
        "插件 ID 归最先登记的发布者所有。"
        "请使用您自己域名下的 ID。";
    WrongState "PX-0205" 409 "The version is not in a state that allows this" "当前状态不允许该操作"
        "The version is not where this is possible; `current` shows the state it is in."
        "`px-plugin status` says what happens next."
        "该版本所处的状态不允许此操作；`current` 显示当前状态。"
        "`px-plugin status` 会说明下一步。";
    UploadOffset "PX-0206" 409 "The upload continues at another offset" "上传偏移量不一致"
        "The Marketplace holds more or fewer bytes than the client believes."
        "Ask with HEAD where to continue (tus 1.0); `px-plugin publish --resume` does it for you."
        "市场已接收的字节数与客户端认为的不一致。"
        "请用 HEAD 查询续传位置（tus 1.0）；`px-plugin publish --resume` 会自动处理。";
    UploadExpired "PX-0207" 410 "The upload has expired" "上传已过期"
        "Unfinished uploads are kept for 24 hours."
        "Publish again: it registers anew."
        "未完成的上传仅保留 24 小时。"
        "请重新发布，系统会重新登记。";
    UploadMismatch "PX-0208" 422 "The uploaded bytes are not the registered ones" "上传内容与登记不符"
        "Size or SHA-256 differ from what was registered."
        "Pack again and publish again."
        "大小或 SHA-256 与登记的不符。"
        "请重新打包并发布。";
    ChecksumMismatch "PX-0209" 460 "A chunk arrived damaged" "数据块校验失败"
        "The chunk's checksum does not match (tus checksum extension); it was not kept."
        "Send the chunk again."
        "数据块的校验值不符（tus checksum 扩展），该数据块未保留。"
        "请重新发送该数据块。";
    KeyUnknown "PX-0210" 422 "The signing key is not registered" "签名密钥未登记"
        "The bundle is signed with a key that the Marketplace has not certified."
        "Register the public key with `px-plugin keys register`; the certificate comes back and is kept beside the key."
        "插件包所用的签名密钥未经市场认证。"
        "请用 `px-plugin keys register` 登记公钥，证书会保存在密钥旁。";
    PublisherUnverified "PX-0211" 403 "The publisher's identity is not verified yet" "发布者身份尚未验证"
        "Until a publisher's identity is verified once, drafts are possible, submitting is not."
        "Ask the operator to verify the publisher."
        "发布者身份通过验证前只能保存草稿，不能提交审核。"
        "请联系运维人员验证发布者身份。";
    QuotaExceeded "PX-0212" 429 "Too many versions under way" "进行中的版本过多"
        "A publisher has a limited number of versions under review at once."
        "Wait until some are decided, or withdraw one."
        "同一发布者同时处于审核中的版本数量有限。"
        "请等待部分版本审核完成，或撤回其中一个。";
    UploadBusy "PX-0213" 423 "Another connection is writing this upload" "上传正在由另一连接写入"
        "One connection writes an upload at a time; the other one is told to stop."
        "Ask with HEAD where to continue and send the rest."
        "同一上传同一时间只能由一个连接写入；另一连接已被要求停止。"
        "请用 HEAD 查询续传位置后继续发送。";
    UploadInterrupted "PX-0214" 408 "The upload was interrupted" "上传中断"
        "The connection broke or was silent for too long. What arrived is kept."
        "Ask with HEAD where to continue; `px-plugin publish --resume` does it for you."
        "连接中断或长时间无数据，已接收的内容会保留。"
        "请用 HEAD 查询续传位置；`px-plugin publish --resume` 会自动处理。";
    // 03xx: review
    ClaimLost "PX-0301" 409 "The claim on this review has expired or belongs to somebody else" "审核认领已失效"
        "A claim holds for a limited time; another reviewer may have taken the review since."
        "Claim it again before you decide."
        "认领有时间限制，期间可能已被其他审核员认领。"
        "请重新认领后再作决定。";
    OwnPlugin "PX-0302" 403 "Nobody reviews their own publisher's plugin" "不能审核自己所属发布者的插件"
        "A reviewer who belongs to the publisher must not decide."
        "Release the claim; another reviewer has to decide."
        "审核员不能审核自己所属发布者的插件。"
        "请退回认领，由其他审核员处理。";
    ReportIncomplete "PX-0303" 409 "The automated report is not complete" "自动检查报告不完整"
        "Listing asks for every enforced check, and some have no result yet."
        "Wait for the engines to finish, or overrule with a reason where that is allowed."
        "上架需要全部强制检查的结果，目前仍有检查未完成。"
        "请等待检查完成；在允许的情况下也可说明理由后放行。";
    ReasonRequired "PX-0304" 422 "A reason is required" "必须填写理由"
        "Overruling a blocking finding, rejecting and requesting changes need a reason the author can act on."
        "Write the reason and send the decision again."
        "放行被拦截项、驳回或要求修改时，必须写明作者可据此处理的理由。"
        "请填写理由后重新提交决定。";
    // 04xx: installing
    HostNotAllowed "PX-0401" 403 "Bundles may not come from this host" "不允许从该主机下载"
        "PX_ONLINE_ALLOWED_HOSTS lists where bundles may come from besides the Marketplace itself, and this host is not there. An install URL points to it, or the Marketplace keeps its bundles there."
        "Ask the operator to add the host, or install a listed version in place of the URL."
        "除市场本身外，插件包只能来自 PX_ONLINE_ALLOWED_HOSTS 中列出的主机，而该主机不在其中：安装地址指向它，或市场把插件包存放在那里。"
        "请运维人员添加该主机，或改为安装市场上架的版本。";
    InstallDisabled "PX-0402" 503 "Installing is switched off" "安装功能已关闭"
        "The operator has set PX_ONLINE_INSTALL=0. Installed plugins keep running."
        "Ask the operator when installing is possible again."
        "运维人员已设置 PX_ONLINE_INSTALL=0；已安装的插件继续运行。"
        "请向运维人员了解何时恢复。";
    VersionNotListed "PX-0403" 404 "The Marketplace does not list this version" "市场未上架该版本"
        "It may be withdrawn, not approved yet, or not synced yet."
        "Choose a listed version; the catalog page says how fresh it is."
        "该版本可能已下架、尚未通过审核或尚未同步。"
        "请选择已上架的版本；插件市场页面会显示同步时间。";
    CoreIncompatible "PX-0404" 409 "The plugin does not run on this core" "与当前核心版本不兼容"
        "`corex_version` of the plugin excludes this installation's version."
        "Upgrade the core, or choose another version."
        "插件的 `corex_version` 不包含当前平台版本。"
        "请升级平台核心，或选择其他版本。";
    DependencyMissing "PX-0405" 409 "A plugin it needs is missing or too old" "缺少依赖插件"
        "The version needs other plugins, which are missing or too old."
        "Install the plugins named in the detail first."
        "该版本依赖的插件缺失或版本过低。"
        "请先安装详情中列出的插件。";
    DependencyConflict "PX-0406" 409 "It conflicts with an installed plugin" "与已安装插件冲突"
        "The version declares that it cannot run beside a plugin that is installed."
        "Remove the plugin named in the detail, or keep it and do not install this one."
        "该版本声明不能与某个已安装的插件同时运行。"
        "请移除详情中的插件，或保留它而不安装此插件。";
    PermissionsNotAcknowledged "PX-0407" 422 "Permissions must be acknowledged first" "须先确认权限"
        "The version asks for permissions that nobody has granted."
        "Grant them where you install; through the API list them in `acknowledgedPermissions`, high risk needs `acknowledgeHighRisk`."
        "该版本申请了尚未授予的权限。"
        "请在安装时授予；通过 API 时请列入 `acknowledgedPermissions`，高风险还需 `acknowledgeHighRisk`。";
    InstallBusy "PX-0408" 409 "Another operation on this plugin is under way" "该插件有操作正在进行"
        "One operation per tenant and plugin at a time; `current` names the one under way."
        "Wait for it, or cancel it."
        "每个租户的每个插件同一时间只能有一项操作；`current` 为进行中的操作。"
        "请等待其完成，或取消它。";
    NothingToRollBack "PX-0409" 409 "There is no earlier version to go back to" "没有可回滚的版本"
        "The previous version is kept for 24 hours after a change, and that time is over or there was none."
        "Install an earlier version instead."
        "上一版本在变更后保留 24 小时，现已超过该时间或原本没有上一版本。"
        "请改为安装较早的版本。";
    DownloadFailed "PX-0410" 502 "The bundle could not be downloaded" "下载失败"
        "The origin failed or was too slow, several times. Nothing was changed."
        "Start the operation again; if it stays, ask the operator whether the Marketplace can be reached."
        "下载源多次出错或过慢，未做任何更改。"
        "请重新发起操作；若仍失败，请联系运维人员检查与市场的连接。";
    BundleUntrusted "PX-0411" 422 "The bundle is not what was promised" "插件包校验失败"
        "Length, digest, signature or listing do not match. It was not unpacked."
        "Try again; if the file came from a mirror, tell its operator."
        "长度、摘要、签名或上架信息不符，未进行解包。"
        "请重试；若文件来自镜像站，请告知其运维人员。";
    StagingFailed "PX-0412" 422 "The bundle could not be unpacked or compiled" "解包或编译失败"
        "A file of the bundle breaks a limit or rule, or does not compile; the detail names it."
        "The version needs a fix by its publisher: choose another one."
        "插件包中的某个文件超出限制、违反规则或无法编译，详见说明。"
        "需由发布者修复，请选择其他版本。";
    PreflightFailed "PX-0413" 422 "The new version did not start healthy" "新版本启动检查失败"
        "It was started beside the running one, got no traffic, and failed its health or trial requests. The running version was never touched."
        "Wait for a mended version, or read the operation's log."
        "新版本在无流量的情况下启动，未通过健康检查或试运行请求；正在运行的版本未受影响。"
        "请等待修复版本，或查看操作日志。";
    ProbationFailed "PX-0414" 422 "The new version was taken back" "新版本已自动回滚"
        "It failed while being watched; the previous version serves again. Publisher and tenant were told."
        "Wait for a mended version."
        "新版本在观察期内出现故障，已恢复上一版本，并已通知发布者和租户。"
        "请等待修复版本。";
    AlreadyInstalled "PX-0415" 409 "This version is installed already" "该版本已安装"
        "The tenant has exactly this version."
        "There is nothing to do: choose another version, or roll back."
        "该租户已安装此版本。"
        "无需操作；可选择其他版本或回滚。";
    PluginNotInstalled "PX-0416" 404 "The plugin is not installed for this tenant" "该租户未安装此插件"
        "The tenant does not have this plugin."
        "Install it first, or check the plugin id."
        "该租户未安装此插件。"
        "请先安装，或检查插件 ID。";
    MigrationFailed "PX-0417" 422 "The plugin's data migration failed" "数据迁移失败"
        "The plugin's own migration ended with an error. The data was restored from the snapshot and the previous version keeps serving."
        "Wait for a mended version; the publisher finds the log in the report."
        "插件自身的数据迁移出错；数据已从快照恢复，上一版本继续服务。"
        "请等待修复版本；发布者可在报告中查看日志。";
    CannotCancel "PX-0418" 409 "It is too late to cancel" "已无法取消"
        "The new version serves already."
        "Roll back instead."
        "新版本已开始提供服务。"
        "请改为回滚。";
    // 05xx: gateway
    PluginUnavailable "PX-0501" 503 "The plugin is not available right now" "插件暂不可用"
        "Its process is being restarted, or it is held after a failure."
        "Try again shortly; if it stays, look at the plugin's page in the console."
        "插件进程正在重启，或因故障被暂停。"
        "请稍后重试；若仍如此，请查看控制台中的插件页面。";
    PluginFault "PX-0502" 502 "The plugin failed on this request" "插件处理请求出错"
        "The plugin trapped or answered nonsense. The publisher is told when it happens often."
        "Try again; if it stays, roll back to the version before."
        "插件异常中止或返回无效内容；频繁出现时会通知发布者。"
        "请重试；若仍出现，请回滚到上一版本。";
    PluginTimeout "PX-0503" 504 "The plugin took too long" "插件响应超时"
        "The request ran into the plugin's time limit and was stopped."
        "Try again with less work per request, or ask the publisher."
        "请求超过插件的时间上限，已被终止。"
        "请减少单次请求的工作量后重试，或联系发布者。";
    NoTenant "PX-0504" 401 "No tenant is known for this request" "无法确定租户"
        "The request does not say for which tenant it is."
        "Sign in, or send a token of the tenant."
        "无法判断请求属于哪个租户。"
        "请登录，或发送该租户的令牌。";
    // 06xx: notifications
    AddressRefused "PX-0601" 422 "This address may not be called" "不允许访问该地址"
        "Webhook and bundle addresses must be public; private, loopback and link-local ones are refused unless the operator allows them."
        "Give a public address, or ask the operator."
        "Webhook 和插件包地址必须是公网地址；除非运维人员允许，内网、回环和链路本地地址均被拒绝。"
        "请使用公网地址，或联系运维人员。";
    EndpointInvalid "PX-0602" 422 "The notification target is not valid" "通知目标无效"
        "The text is neither an https URL nor a mail address."
        "Give an https URL for webhooks or a mail address."
        "内容既不是 https 地址也不是邮箱地址。"
        "Webhook 请填写 https 地址，或填写邮箱地址。";
    // 07xx: command line
    Usage "PX-0701" 400 "The command was not understood" "命令用法错误"
        "The words after the command are not those it takes."
        "`px-plugin help COMMAND` shows options and examples."
        "命令参数不正确。"
        "`px-plugin help 命令` 会显示选项与示例。";
    LocalFile "PX-0702" 400 "A file cannot be read or written" "文件读写失败"
        "The system refused a file; the detail names the path and what the system said."
        "Mend the path, its permissions or the free space, then repeat."
        "系统拒绝访问某个文件，详情包含路径和系统返回的信息。"
        "请检查路径、权限或磁盘空间后重试。";
    PrecheckFailed "PX-0703" 422 "The local check found blocking problems" "本地检查未通过"
        "The checks here found what the Marketplace would block as well."
        "Mend the findings listed; `px-plugin check` shows them with their remedies."
        "本地检查发现了市场同样会拦截的问题。"
        "请修复所列问题；`px-plugin check` 会显示处理建议。";
    NetworkFailed "PX-0704" 503 "The Marketplace cannot be reached" "无法连接市场"
        "No answer came from the address in PX_MARKETPLACE_API_URL."
        "Check the address and the network; `px-plugin doctor` tries each step."
        "PX_MARKETPLACE_API_URL 所指地址没有响应。"
        "请检查地址与网络；`px-plugin doctor` 会逐步检测。";
    NoSigningKey "PX-0705" 422 "There is no signing key" "没有签名密钥"
        "The profile has no key on this machine."
        "Make one with `px-plugin keys generate` and register it with `px-plugin keys register`."
        "本机该配置下没有密钥。"
        "请用 `px-plugin keys generate` 生成，并用 `px-plugin keys register` 登记。";
    BundleInvalid "PX-0706" 422 "The file is not a sound .pxp bundle" "插件包无效"
        "Somebody or something changed it, or it was not made by `px-plugin pack`. The detail names the place."
        "Pack again, or fetch the file again."
        "文件被改动，或并非由 `px-plugin pack` 生成；详情指出位置。"
        "请重新打包，或重新获取文件。";
    ConfigInvalid "PX-0707" 422 "A setting is not acceptable" "配置无效"
        "A setting has a value that is not allowed."
        "The detail names the file or variable and the values that are allowed."
        "某项配置的值不被允许。"
        "详情指出了文件或变量以及允许的值。";
    ConsoleSwitchedOff "PX-0708" 403 "The command is switched off" "命令已被禁用"
        "PX_PLUGIN_PUBLISH=0 closes publishing on this machine."
        "Unset it, or publish from another machine."
        "PX_PLUGIN_PUBLISH=0 已禁止在本机发布。"
        "请取消该设置，或在其他机器上发布。";
}

impl Code {
    /// Finds a code by its text, with or without the prefix, in any case.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let upper = text.trim().to_ascii_uppercase();
        let number = upper.strip_prefix("PX-").unwrap_or(&upper);
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str()[3..] == *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{}", code.as_str());
            assert!((400..600).contains(&code.status()));
            for sentence in [code.cause(), code.remedy()] {
                assert!(sentence.len() > 15 && sentence.ends_with('.'), "{sentence}");
                assert!(sentence.is_ascii() || sentence.contains('…'), "{sentence}");
            }
            for sentence in [code.cause_zh(), code.remedy_zh()] {
                assert!(sentence.ends_with('。'), "{sentence}");
            }
            assert_eq!(Code::find(&code.as_str().to_lowercase()), Some(*code));
        }
    }
}
