//! Every error code: its HTTP status, title in two languages, and what to do.

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $title:literal $zh:literal $explain:literal;)*) => {
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
            /// Why it happens and what to do, for `explain`.
            #[must_use]
            pub const fn explain(self) -> &'static str { match self { $(Self::$variant => $explain),* } }
        }
    };
}

codes! {
    // 00xx: any request
    Internal "PX-0001" 500 "Something failed on our side" "服务内部错误"
        "The server met a fault it did not expect. Nothing was changed. Try again; if it stays, give the request id to the operator.";
    Unavailable "PX-0002" 503 "A part of the service is away" "服务暂时不可用"
        "The database, the bundle store or another part does not answer. Try again after the time in Retry-After; `GET /readyz` says which part it is.";
    NotFound "PX-0003" 404 "There is no such thing" "未找到"
        "The address or id names nothing you may see. Check the spelling and whether it belongs to your tenant or publisher.";
    MalformedBody "PX-0004" 400 "The request body cannot be read" "请求内容无法解析"
        "The body is not valid JSON, or not of the expected content type. The detail names line and column.";
    InvalidField "PX-0005" 422 "A field is not acceptable" "字段无效"
        "Each entry of `errors` names a field by JSON pointer, what is wrong with it and how to mend it.";
    TooLarge "PX-0006" 413 "The request is larger than allowed" "请求过大"
        "The limit is in `current`; `GET /api/v1/limits` lists all limits.";
    TooMany "PX-0007" 429 "Too many requests" "请求过于频繁"
        "Wait for the seconds in Retry-After. Limits are per token and address.";
    IdempotencyReused "PX-0008" 409 "An idempotency key was used for another request" "幂等键已用于其他请求"
        "The same `Idempotency-Key` or `publishRequestId` came before with another body. Use a fresh key for a new request.";
    PreconditionFailed "PX-0009" 412 "It was changed in the meantime" "内容已被修改"
        "The `If-Match` value is not the current one. Read it again, then repeat your change.";
    PreconditionRequired "PX-0010" 428 "An If-Match header is needed" "缺少 If-Match"
        "This change could overwrite somebody else's. Send the ETag you read in `If-Match`.";
    MethodNotAllowed "PX-0011" 405 "This address does not take that method" "不支持的请求方法"
        "See the OpenAPI file at `/openapi.json` for the methods of each address.";
    UnsupportedMedia "PX-0012" 415 "The content type is not supported" "不支持的内容类型"
        "Send `application/json`, or `application/offset+octet-stream` for uploads.";
    // 01xx: identity
    Unauthenticated "PX-0101" 401 "Sign in, or send a token" "请先登录"
        "The request carries no valid identity. Send `Authorization: Bearer …` or sign in. `px-plugin login` stores a token.";
    TokenExpired "PX-0102" 401 "The token has expired or was revoked" "令牌已过期或被撤销"
        "Ask for a new one: `px-plugin login`, or the OAuth2 client-credentials endpoint.";
    Forbidden "PX-0103" 403 "You may not do this" "没有权限"
        "Your account or token lacks the role or scope named in the detail. An owner can grant it.";
    BadCredentials "PX-0104" 401 "Name or password is wrong" "用户名或密码错误"
        "Check both. After five wrong tries the account waits for a minute.";
    CsrfMismatch "PX-0105" 403 "The form has expired" "表单已过期"
        "The page was open too long or comes from another site. Load it again and repeat.";
    OAuthInvalidClient "PX-0106" 401 "The OAuth2 client is not known or its secret is wrong" "OAuth2 客户端无效"
        "Check client id and secret; secrets are shown once when the client is made.";
    OAuthUnsupportedGrant "PX-0107" 400 "This grant type is not supported" "不支持的授权类型"
        "Only `grant_type=client_credentials` is offered (RFC 6749 section 4.4).";
    // 02xx: publishing
    PublishDisabled "PX-0201" 503 "Publishing is closed at the moment" "发布功能已关闭"
        "The operator has set PX_MARKET_PUBLISH_ENABLED=0. Versions already submitted are not affected. Try again later.";
    VersionExists "PX-0202" 409 "This version exists already" "该版本已存在"
        "A version's bytes never change. Raise the version number and publish again; `current` shows the version that is there.";
    VersionNotNewer "PX-0203" 409 "The version is not newer than the listed one" "版本号不高于已上架版本"
        "On one channel versions only go up. `current` names the newest; choose a higher number.";
    PluginOwned "PX-0204" 403 "The plugin belongs to another publisher" "该插件属于其他发布者"
        "Plugin ids are owned by the publisher who registered them first. Choose an id under your own domain.";
    WrongState "PX-0205" 409 "The version is not in a state that allows this" "当前状态不允许该操作"
        "`current` shows the state it is in. `px-plugin status` says what happens next.";
    UploadOffset "PX-0206" 409 "The upload continues at another offset" "上传偏移量不一致"
        "Ask with HEAD where to continue (tus 1.0). `px-plugin publish --resume` does it for you.";
    UploadExpired "PX-0207" 410 "The upload has expired" "上传已过期"
        "Register again with a new publishRequestId; unfinished uploads are kept for 24 hours.";
    UploadMismatch "PX-0208" 422 "The uploaded bytes are not the registered ones" "上传内容与登记不符"
        "Size or SHA-256 differ from what was registered. Pack again and publish again.";
    ChecksumMismatch "PX-0209" 460 "A chunk arrived damaged" "数据块校验失败"
        "The chunk's checksum does not match (tus checksum extension). It was not kept; send it again.";
    KeyUnknown "PX-0210" 422 "The signing key is not registered" "签名密钥未登记"
        "Register the public key with `px-plugin keys register`; the certificate comes back and is kept beside the key.";
    PublisherUnverified "PX-0211" 403 "The publisher's identity is not verified yet" "发布者身份尚未验证"
        "An operator, or a proof of the domain, verifies a publisher once. Until then drafts are possible, submitting is not.";
    QuotaExceeded "PX-0212" 429 "Too many versions under way" "进行中的版本过多"
        "A publisher has a limited number of versions in review at once. Wait until some are decided, or withdraw one.";
    UploadBusy "PX-0213" 423 "Another connection is writing this upload" "上传正在由另一连接写入"
        "One connection writes at a time. Ask with HEAD where to continue and send the rest; the other connection is told to stop.";
    UploadInterrupted "PX-0214" 408 "The upload was interrupted" "上传中断"
        "The connection broke or was silent for too long. What arrived is kept: ask with HEAD where to continue.";
    // 03xx: review
    ClaimLost "PX-0301" 409 "The claim on this review has expired or belongs to somebody else" "审核认领已失效"
        "Claim it again before you decide; another reviewer may have taken it in the meantime.";
    OwnPlugin "PX-0302" 403 "Nobody reviews their own publisher's plugin" "不能审核自己所属发布者的插件"
        "Release the claim; another reviewer has to decide.";
    ReportIncomplete "PX-0303" 409 "The automated report is not complete" "自动检查报告不完整"
        "Listing asks for every enforced check. Wait for the engines to finish, or overrule with a reason where that is allowed.";
    ReasonRequired "PX-0304" 422 "A reason is required" "必须填写理由"
        "Overruling a blocking finding, rejecting and requesting changes need a reason the author can act on.";
    // 04xx: installing
    HostNotAllowed "PX-0401" 403 "Bundles may not come from this host" "不允许从该主机下载"
        "PX_ONLINE_ALLOWED_HOSTS lists where an install URL may point. Ask the operator, or install the listed version.";
    InstallDisabled "PX-0402" 503 "Installing is switched off" "安装功能已关闭"
        "The operator has set PX_ONLINE_INSTALL=0. Installed plugins keep running.";
    VersionNotListed "PX-0403" 404 "The Marketplace does not list this version" "市场未上架该版本"
        "It may be withdrawn, not approved yet, or not synced yet (the catalog page says how fresh it is).";
    CoreIncompatible "PX-0404" 409 "The plugin does not run on this core" "与当前核心版本不兼容"
        "`corex_version` of the plugin excludes this installation's version. Upgrade the core, or choose another version.";
    DependencyMissing "PX-0405" 409 "A plugin it needs is missing or too old" "缺少依赖插件"
        "Install the plugins named in the detail first.";
    DependencyConflict "PX-0406" 409 "It conflicts with an installed plugin" "与已安装插件冲突"
        "Remove the plugin named in the detail, or keep it and do not install this one.";
    PermissionsNotAcknowledged "PX-0407" 422 "Permissions must be acknowledged first" "须先确认权限"
        "The version asks for permissions that nobody has granted. List them in `acknowledgedPermissions`; high risk needs `acknowledgeHighRisk`.";
    InstallBusy "PX-0408" 409 "Another operation on this plugin is under way" "该插件有操作正在进行"
        "One operation per tenant and plugin at a time; `current` names it. Wait, or cancel it.";
    NothingToRollBack "PX-0409" 409 "There is no earlier version to go back to" "没有可回滚的版本"
        "The previous version is kept for 24 hours after a change. Install an earlier version instead.";
    DownloadFailed "PX-0410" 502 "The bundle could not be downloaded" "下载失败"
        "The origin failed or was too slow, several times. Nothing was changed; the job can be repeated.";
    BundleUntrusted "PX-0411" 422 "The bundle is not what was promised" "插件包校验失败"
        "Length, digest, signature or listing do not match. It was not unpacked. If the file came from a mirror, tell its operator.";
    StagingFailed "PX-0412" 422 "The bundle could not be unpacked or compiled" "解包或编译失败"
        "The detail names the file and the limit or rule. The version needs a fix by its publisher.";
    PreflightFailed "PX-0413" 422 "The new version did not start healthy" "新版本启动检查失败"
        "It was started beside the running one, got no traffic, and failed its health or smoke requests. The running version was never touched.";
    ProbationFailed "PX-0414" 422 "The new version was taken back" "新版本已自动回滚"
        "It failed while being watched; the previous version serves again. Publisher and tenant were told.";
    AlreadyInstalled "PX-0415" 409 "This version is installed already" "该版本已安装"
        "Nothing to do. Choose another version, or roll back.";
    PluginNotInstalled "PX-0416" 404 "The plugin is not installed for this tenant" "该租户未安装此插件"
        "Install it first, or check the plugin id.";
    MigrationFailed "PX-0417" 422 "The plugin's data migration failed" "数据迁移失败"
        "The data was restored from the snapshot and the previous version keeps serving. The publisher finds the log in the report.";
    CannotCancel "PX-0418" 409 "It is too late to cancel" "已无法取消"
        "The new version serves already. Roll back instead.";
    // 05xx: gateway
    PluginUnavailable "PX-0501" 503 "The plugin is not available right now" "插件暂不可用"
        "Its process is being restarted or the tenant has a maintenance notice. Try again shortly.";
    PluginFault "PX-0502" 502 "The plugin failed on this request" "插件处理请求出错"
        "The plugin trapped or answered nonsense. The publisher is told when it happens often.";
    PluginTimeout "PX-0503" 504 "The plugin took too long" "插件响应超时"
        "The request ran into the plugin's time limit and was stopped.";
    NoTenant "PX-0504" 401 "No tenant is known for this request" "无法确定租户"
        "Sign in, or send a token of the tenant.";
    // 06xx: notifications
    AddressRefused "PX-0601" 422 "This address may not be called" "不允许访问该地址"
        "Webhook and bundle addresses must be public; private, loopback and link-local ones are refused unless the operator allows them.";
    EndpointInvalid "PX-0602" 422 "The notification target is not valid" "通知目标无效"
        "Give an https URL for webhooks or a mail address.";
    // 07xx: command line
    Usage "PX-0701" 400 "The command was not understood" "命令用法错误"
        "`px-plugin help COMMAND` shows options and examples.";
    LocalFile "PX-0702" 400 "A file cannot be read or written" "文件读写失败"
        "The detail names the path and what the system said.";
    PrecheckFailed "PX-0703" 422 "The local check found blocking problems" "本地检查未通过"
        "Mend the findings listed, or run `px-plugin check` for details. The Marketplace runs the same checks.";
    NetworkFailed "PX-0704" 503 "The Marketplace cannot be reached" "无法连接市场"
        "Check PX_MARKETPLACE_API_URL and the network; `px-plugin doctor` tries each step.";
    NoSigningKey "PX-0705" 422 "There is no signing key" "没有签名密钥"
        "Make one with `px-plugin keys generate` and register it with `px-plugin keys register`.";
    BundleInvalid "PX-0706" 422 "The file is not a sound .pxp bundle" "插件包无效"
        "Somebody or something changed it, or it was not made by `px-plugin pack`. The detail names the place.";
    ConfigInvalid "PX-0707" 422 "A setting is not acceptable" "配置无效"
        "The detail names the file or variable and the values that are allowed.";
    ConsoleSwitchedOff "PX-0708" 403 "The command is switched off" "命令已被禁用"
        "PX_PLUGIN_PUBLISH=0 closes publishing on this machine.";
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
            assert!(code.explain().len() > 20 && (400..600).contains(&code.status()));
            assert_eq!(Code::find(&code.as_str().to_lowercase()), Some(*code));
        }
    }
}
