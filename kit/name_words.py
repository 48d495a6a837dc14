"""The words that names of companies share, as `kit.text` folds them: a change here needs a new NAME_VERSION."""

CJK_FORMS = """
股份两合公司 股份有限公司 有限责任公司 责任有限公司 有限公司 股份公司 无限公司 两合公司 特殊普通合伙企业
普通合伙企业 有限合伙企业 特殊普通合伙 普通合伙 有限合伙 合伙企业 个人独资企业 独资企业 个体工商户 株式会社
有限会社 合同会社 合资会社 合名会社 주식회사 유한책임회사 유한회사 합자회사 합명회사
"""
LATIN_FORMS = """
co; company; corp; corporation; inc; incorporated; limited; ltd; llc; llp; lp; lllp; plc; pllc; unlimited; cic;
pty; pte; pvt; private; pt; bhd; sdn; tbk; opc; ag; gmbh; mbh; ggmbh; kg; kgaa; ohg; ug; ug haftungsbeschrankt;
ev; eg; se; gesmbh; aktiengesellschaft; sa; sas; sasu; sarl; sa rl; eurl; snc; sca; scs; scop; sprl; bvba; srl;
spa; sapa; soc coop; scarl; societe anonyme; sl; slu; sll; sau; sc; sa de cv; sab de cv; s de rl de cv;
sapi de cv; sociedad anonima; lda; ltda; sgps; eireli; epp; eirl; bv; nv; vof; cv; cvba; ab; publ; hb; as; asa;
ans; aps; amba; oy; oyj; ky; ou; uab; sia; sp z oo; sp zoo; spolka akcyjna; sro; spol; ks; vos; kft; zrt; nyrt;
bt; doo; dd; dooel; ad; ead; ood; eood; kda; sp j; sp k; ooo; oao; zao; pao; jsc; ojsc; cjsc; pjsc;
joint stock company; tov; kk; gk; yk; kabushiki kaisha; kabushiki gaisha; godo kaisha; fze; fzco; fzc; dmcc; wll;
saog; saoc; psc; pjs; qsc; kscp; ооо; оао; зао; пао; ао; ип; тов; сп; ευε; αε; επε; эоод; оод; еоод
"""
"""Apart by a semicolon, because a form may have several words."""
FIRST_FORMS = "pt ooo oao zao pao ооо оао зао пао ао тов uab sia"
"""Forms that stand before the name, where these words are hardly anything else."""
DANGLING = "and et und y"
"""Words that join a form to a name (Smith and Co.)."""
TRADES = """
科技 技术 信息 网络 软件 系统 数据 智能 智能科技 互联网 集成 通信 通讯 电子 电子商务 电气 电器 电力 电缆 光电
半导体 仪器 仪表 自动化 机械 机电 设备 装备 制造 制品 工业 重工 实业 产业 五金 模具 精密 塑料 塑胶 橡胶 包装
印刷 纸业 材料 新材料 建材 陶瓷 玻璃 化工 化学 涂料 钢铁 金属 铝业 铜业 矿业 石油 石化 燃气 能源 新能源 环保
环境 水务 汽车 汽配 摩托车 船舶 航空 航天 轨道交通 贸易 商贸 外贸 进出口 经贸 工贸 商业 商务 销售 营销 零售 批发
百货 超市 供应链 供应链管理 物流 运输 货运 快递 仓储 国际 国际贸易 食品 饮料 酒业 乳业 粮油 农业 农牧 牧业 渔业
种业 林业 园林 餐饮 酒店 旅游 旅行社 服饰 服装 纺织 针织 鞋业 皮具 家具 家居 家纺 家电 照明 灯饰 珠宝 首饰 玩具
工艺品 日用品 化妆品 美容 生物 生物科技 医药 药业 制药 医疗 医疗器械 器械 健康 大药房 建设 建筑 工程 装饰 装修
设计 规划 监理 测绘 勘察 房地产 地产 置业 物业 开发 咨询 服务 管理 企业管理 顾问 人力资源 劳务 代理 投资 资产
资产管理 资本 基金 金融 证券 保险 担保 租赁 融资租赁 控股 发展 创业 广告 传媒 传播 文化 文化传媒 影视 娱乐 动漫
游戏 体育 会展 出版 教育 培训 研究 检测 认证 安防 安全 保安 保洁 家政 养老
"""
MARKETS = """
trading trade trades traders import imports export exports international intl global worldwide overseas group
holding holdings enterprise enterprises industries industry industrial manufacturing mfg technology technologies
tech systems system solutions software electronics electronic electric electrical engineering construction
services service consulting consultancy consultants logistics shipping transport distribution distributors
supply supplies products foods food beverages pharmaceuticals pharmaceutical pharma chemicals chemical energy
power materials equipment machinery tools automotive motors media marketing advertising communications telecom
networks network digital development investment investments capital ventures partners properties realty retail
wholesale stores store china asia pacific apac emea europe america americas usa uk india japan korea singapore
hongkong taiwan
"""
"""Words of trades and markets at the end of a Latin name."""
