# 插件市场与 PowerX 管理台共用的词句。
skip-to-content = 跳到正文
menu = 菜单
nav-label = 主导航
crumbs-label = 当前位置
inbox = 收件箱
lang-switch = 语言
theme-switch = 外观
theme-auto = 跟随系统
theme-light = 浅色
theme-dark = 深色
account-menu = 我的账号
account = 账号设置
sign-in = 登录
sign-out = 退出登录
reconnecting = 连接已断开，正在重连…
copy = 复制
copied = 已复制
cancel = 取消
close = 关闭
back = 返回
confirm-title = 确定要继续吗？
confirm-yes = 确定
audit-id = 审计编号
keys-title = 键盘快捷键
keys-hint = 查看快捷键：
key-search = 搜索本页
key-move = 下一行 / 上一行
key-help = 打开本列表
tabs-label = 分区
reason-optional = 理由（选填）
reason-required = 理由
diff-label = 变更：

time-now = 刚刚
ago-minutes = { $n } 分钟前
ago-hours = { $n } 小时前
ago-days = { $n ->
    [1] 昨天
   *[other] { $n } 天前
  }
in-minutes = { $n } 分钟后
in-hours = { $n } 小时后
in-days = { $n ->
    [1] 明天
   *[other] { $n } 天后
  }
unit-second = { $n } 秒
unit-minute = { $n } 分钟
unit-hour = { $n } 小时
unit-day = { $n } 天
sla-label = 审核时限已用
sla-left = 剩余 { $span }
sla-overdue = 已超时 { $span }

table-all = 全部
table-apply = 应用
table-clear = 清除筛选
table-none-title = 没有符合条件的结果
table-none-text = 请减少关键词，或换一个筛选条件。
table-shown = 共显示 { $shown } 条
table-shown-of = 显示 { $shown } 条，共 { $total } 条
table-size = 每页：
table-first = 回到首页
table-next = 下一页

step-done = 已完成
step-now = 进行中
step-todo = 待进行
step-failed = 失败
step-warn = 已撤回

risk-low = 低风险
risk-medium = 中风险
risk-high = 高风险

version-state-draft = 草稿
version-state-uploading = 上传中
version-state-submitted = 已提交
version-state-scanning = 自动检查中
version-state-in-review = 审核中
version-state-approved = 已通过
version-state-listed = 已上架
version-state-changes-requested = 待修改
version-state-rejected = 已驳回
version-state-blocked = 已拦截
version-state-withdrawn = 已下架
version-state-quarantined = 已隔离
version-state-recalled = 已召回

install-state-requested = 已受理
install-state-resolved = 依赖已确定
install-state-waiting = 等待中
install-state-fetching = 下载中
install-state-verified = 签名已核对
install-state-staged = 已解包
install-state-preflight = 试运行
install-state-snapshotted = 数据已备份
install-state-activating = 切换中
install-state-probation = 观察期
install-state-committed = 安装完成
install-state-rolling-back = 回滚中
install-state-rolled-back = 已回滚
install-state-failed = 失败
install-state-cancelled = 已取消
install-state-superseded = 已被新请求取代
install-state-quarantined = 需人工处理

problem-what-now = 您可以这样做
problem-retry = 重试
problem-home = 回到首页
problem-request = 请求编号
problem-sign-in = 查看此页面需要先登录。

sign-in-title = 登录
sign-in-lead = 请使用管理员为您开通的账号。
sign-in-name = 用户名或邮箱
sign-in-password = 密码
sign-in-bad = 用户名或密码不正确，请核对后重试。
sign-in-wait = 尝试次数过多，请 { $span } 后再试。
signed-out = 您已退出登录。
prefs-saved = 已保存。

account-lead = 您的身份、权限，以及以您的名义访问的令牌。
account-roles = 角色
account-tokens = API 令牌
account-tokens-none-title = 还没有令牌
account-tokens-none-text = 令牌可让 px-plugin 或 CI 任务在您选定的范围内代表您操作。
account-sessions = 已登录的浏览器
account-token-name = 名称
account-token-scopes = 授权范围
account-token-days = 有效天数
account-token-create = 创建令牌
account-token-created = 令牌“{ $name }”已创建。
account-token-once = 请立即复制，此后不再显示。
account-token-revoke = 撤销
account-token-revoked = 令牌已撤销。
account-token-revoke-what = 撤销后，使用该令牌的程序将立即无法访问。
account-session-this = 当前浏览器
account-session-end = 结束
account-session-ended = 该浏览器已退出登录。
account-password = 密码
account-password-now = 当前密码
account-password-new = 新密码
account-password-hint = 至少 12 个字符，建议使用几个互不相关的词。
account-password-change = 修改密码
account-password-changed = 密码已修改，其他浏览器已退出登录。
account-col-name = 名称
account-col-scopes = 授权范围
account-col-last = 最近使用
account-col-expires = 到期时间
account-col-browser = 浏览器
account-col-since = 登录时间
account-never = 从未
account-scope-all = 全局
role-publisher = 发布者
role-reviewer = 审核员
role-market-operator = 市场运营
role-tenant-admin = 租户管理员
role-tenant-viewer = 租户查看者
role-platform-ops = 平台运维
